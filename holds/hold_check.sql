-- What the verdict on one customer's order rests on: the customer, the block's settings, and when the older of
-- customers and transactions was last read from NetSuite (nothing, unless both were).
SELECT
    {customer}, {policy},
    (SELECT CASE WHEN count(last_success_at) = 2 THEN min(last_success_at) END
     FROM sync_states WHERE record_type IN ('customers', 'transactions'))
FROM customers customer, hold_blocks block
WHERE customer.netsuite_id = %s AND block.slug = %s
