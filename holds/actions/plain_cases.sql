-- Stages a hold proposal for each customer among the facts: run, proposal, hold, history and transitions in one statement.
-- Figures in base currency. JSON is written as text and read once, which is cheaper than building it in parts.
WITH facts ({columns}) AS ({facts}),
told AS MATERIALIZED (
    SELECT
        figures.*,
        days > %(strong_days)s AND ar > %(strong_amount)s AS strong,
        concat(
            '"ar_balance": "', ar, '", "overdue_balance": "', overdue, '", "days_overdue": ', days,
            ', "oldest_due": ', to_json(oldest_due), ', "open_invoices": ', invoices,
            ', "unapplied": "', unapplied, '", "tier": "', CASE
                WHEN days >= 120 THEN 'collections' WHEN days >= 90 THEN 'hold_orders_and_call'
                WHEN days >= 60 THEN 'direct_mail' WHEN days >= 30 THEN 'statement' ELSE 'none' END, '"'
        ) AS owed,
        concat(
            '{"count": ', orders, ', "total": "', orders_total,
            '", "next_ship": ', coalesce(to_json(next_ship), 'null'), '}'
        ) AS open_orders,
        CASE  -- Half-even, as everywhere; PostgreSQL rounds a half away from zero.
            WHEN used * 100000 = trunc(used * 100000) AND mod(abs(trunc(used * 100000)), 10) = 5
                AND mod(trunc(used * 10000), 2) = 0 THEN trunc(used, 4)
            ELSE round(used, 4)
        END::text AS utilisation,
        concat(
            days, ' days overdue, ', %(symbol)s::text, to_char(ar, 'FM999,999,999,999,990.00'), ' open.',
            CASE WHEN orders > 0 THEN concat(
                ' ', coalesce((%(counts)s::text[])[orders], to_char(orders, 'FM999,999,999')), ' open order',
                CASE WHEN orders > 1 THEN 's' END, ', ', %(symbol)s::text,
                to_char(orders_total, 'FM999,999,999,999,990.00'), '.') END,
            ' First hold.'
        ) AS rationale
    FROM (
        SELECT
            facts.*,
            nextval((SELECT pg_get_serial_sequence('workflow_run_log', 'id')::regclass)) AS run_pk,
            gen_random_uuid() AS run_uuid,
            coalesce(sums[1], 0.00) AS overdue,
            coalesce(sums[2], 0.00) AS unapplied,
            greatest(%(today)s::date - oldest_due, 0) AS days,
            ar + orders_total AS exposure,
            CASE WHEN limit_kind = 'amount' AND credit_limit <> 0 THEN (ar + orders_total) / credit_limit END AS used,
            %(stories)s::jsonb -> concat_ws(' ', has_rep, has_address, override) AS story
        FROM facts
    ) AS figures
),
proposal AS (
    INSERT INTO proposed_actions (
        action_type, entity_type, entity_ref, customer_id, run_id, version, risk_level, status, current_state_json,
        proposed_change_json, evidence, rationale, warnings, figures_version, strong, at_stake, currency, proposed_by,
        proposed_at, choice, content_hash
    )
    SELECT
        'workflow_' || %(workflow_type)s, 'workflow', concat('workflow:', %(workflow_type)s::text, ':run_', run_uuid),
        customer, run_pk, 1, %(risk_level)s, 'pending', story -> 'current_state', %(change)s,
        concat(
            '{', owed, ', "open_orders": ', open_orders, ', "credit_limit_kind": "', limit_kind,
            '", "credit_limit": ', coalesce(to_json(credit_limit::text), 'null'), ', "exposure": "', exposure,
            '", "utilisation": ', coalesce(to_json(utilisation), 'null'), ', "strong": ', strong::text,
            ', "material": ["', ar, '", ', to_json(oldest_due), ', "', orders_total, '", "0.00", false, false], ',
            %(evidence)s::text, '}'
        )::jsonb,
        rationale, story -> 'warnings', figures_version, strong, exposure, %(currency)s, %(by)s, %(now)s::timestamptz,
        '', %(content_hash)s
    FROM told
    ON CONFLICT DO NOTHING
    RETURNING id, run_id
),
run AS (
    INSERT INTO workflow_run_log (
        id, run_id, workflow_type, definition_version, customer_id, status, source, invoked_by, inputs, context,
        warnings, stages, error, started_at
    )
    SELECT
        run_pk, run_uuid, %(workflow_type)s, %(definition_version)s, customer, 'awaiting_decision', %(source)s, %(by)s,
        jsonb_build_object(
            'customer_id', netsuite_id, 'ar_balance', ar::text, 'days_overdue', days, 'reason', %(reason)s::text
        ),
        concat('{"owed": {', owed, '}, "open_sos": ', open_orders, ', ', %(context)s::text, '}')::jsonb,
        story -> 'warnings', story -> 'stages', '', %(now)s::timestamptz
    FROM told JOIN proposal ON proposal.run_id = told.run_pk
),
hold AS (
    INSERT INTO service_holds (
        customer_id, run_id, proposal_id, origin, status, reason, ar_balance, days_overdue, currency, prior_value,
        proposed_at, placed_by, ended_by, end_reason
    )
    SELECT
        customer, run_pk, proposal.id, 'automatic', 'proposed', %(reason)s, ar, days, %(currency)s, 'AUTO',
        %(now)s::timestamptz, '', '', ''
    FROM told JOIN proposal ON proposal.run_id = told.run_pk
    RETURNING service_holds.*
),
history AS (
    INSERT INTO service_holds_history (
        id, customer_id, run_id, proposal_id, origin, status, reason, ar_balance, days_overdue, currency, prior_value,
        proposed_at, placed_by, ended_by, end_reason, history_date, history_change_reason, history_type
    )
    SELECT
        id, customer_id, run_id, proposal_id, origin, status, reason, ar_balance, days_overdue, currency, prior_value,
        proposed_at, placed_by, ended_by, end_reason, %(now)s::timestamptz, '', '+'
    FROM hold
),
transition AS (
    INSERT INTO state_transitions (machine, row_id, verb, source, target, by, reason, at)
    SELECT 'proposedaction', id, 'create', '', 'pending', %(by)s, %(source)s, %(now)s::timestamptz FROM proposal
    UNION ALL
    SELECT 'servicehold', id, 'create', '', 'proposed', %(by)s, '', %(now)s::timestamptz FROM hold
)
SELECT (SELECT count(*) FROM proposal), max(customer) FROM told
