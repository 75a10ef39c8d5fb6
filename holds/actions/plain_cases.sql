-- Stages a hold proposal for each customer among the facts: run, proposal, hold, history and transitions in one statement.
-- Figures in base currency. What is the same for all comes as named parameters.
WITH given AS (
    SELECT
        %(by)s::text AS by, %(source)s::text AS source, %(now)s::timestamptz AS now, %(said_at)s::text AS said_at,
        %(today)s::date AS today, %(workflow_type)s::text AS workflow_type, %(queries)s::text AS queries,
        %(definition_version)s::int AS definition_version, %(risk_level)s::int AS risk_level,
        %(reason)s::text AS reason, %(change)s::jsonb AS change, %(content_hash)s::text AS content_hash,
        %(currency)s::text AS currency, %(symbol)s::text AS symbol, %(counts)s::text[] AS counts,
        %(line)s::jsonb AS line, %(strong_line)s::jsonb AS strong_line, %(strong_days)s::int AS strong_days,
        %(strong_amount)s::numeric AS strong_amount, %(synced_at)s::text AS synced_at, %(stale)s::jsonb AS stale,
        %(no_rep)s::jsonb AS no_rep, %(no_address)s::jsonb AS no_address, %(differs)s::jsonb AS differs
),
facts ({columns}) AS ({facts}),
figures AS MATERIALIZED (
    SELECT
        facts.*,
        nextval(pg_get_serial_sequence('workflow_run_log', 'id')) AS run_pk,
        gen_random_uuid() AS run_uuid,
        greatest(given.today - oldest_due, 0) AS days,
        ar + orders_total AS exposure,
        CASE WHEN limit_kind = 'amount' AND credit_limit <> 0 THEN (ar + orders_total) / credit_limit END AS used,
        given.stale
            || CASE WHEN has_rep THEN '[]' ELSE given.no_rep END
            || CASE WHEN has_address THEN '[]' ELSE given.no_address END
            || coalesce(given.differs -> override, '[]') AS warnings
    FROM facts, given
),
told AS MATERIALIZED (
    SELECT
        figures.*,
        days > given.strong_days AND ar > given.strong_amount AS strong,
        jsonb_build_object(
            'ar_balance', ar::text, 'overdue_balance', overdue::text, 'days_overdue', days, 'oldest_due', oldest_due,
            'open_invoices', invoices, 'unapplied', unapplied::text,
            'tier', CASE
                WHEN days >= 120 THEN 'collections' WHEN days >= 90 THEN 'hold_orders_and_call'
                WHEN days >= 60 THEN 'direct_mail' WHEN days >= 30 THEN 'statement' ELSE 'none' END
        ) AS owed,
        jsonb_build_object('count', orders, 'total', orders_total::text, 'next_ship', next_ship) AS open_orders,
        CASE  -- Half-even, as everywhere; PostgreSQL rounds a half away from zero.
            WHEN used * 100000 = trunc(used * 100000) AND mod(abs(trunc(used * 100000)), 10) = 5
                AND mod(trunc(used * 10000), 2) = 0 THEN trunc(used, 4)
            ELSE round(used, 4)
        END::text AS utilisation,
        days || ' days overdue, ' || given.symbol || to_char(ar, 'FM999,999,999,999,990.00') || ' open.'
            || CASE WHEN orders = 0 THEN '' ELSE
                ' ' || coalesce(given.counts[orders], to_char(orders, 'FM999,999,999')) || ' open order'
                || CASE WHEN orders = 1 THEN '' ELSE 's' END || ', '
                || given.symbol || to_char(orders_total, 'FM999,999,999,999,990.00') || '.' END
            || ' First hold.' AS rationale
    FROM figures, given
),
proposal AS (
    INSERT INTO proposed_actions (
        action_type, entity_type, entity_ref, customer_id, run_id, version, risk_level, status, current_state_json,
        proposed_change_json, evidence, rationale, warnings, figures_version, strong, at_stake, currency, proposed_by,
        proposed_at, choice, content_hash
    )
    SELECT
        'workflow_' || given.workflow_type, 'workflow', 'workflow:' || given.workflow_type || ':run_' || run_uuid,
        customer, run_pk, 1, given.risk_level, 'pending',
        jsonb_build_object('entitystatus', '', 'credit_hold', coalesce(nullif(override, ''), 'AUTO')),
        given.change,
        owed || jsonb_build_object(
            'as_of', given.today, 'open_orders', open_orders, 'prior_holds', 0, 'set_apart', '0.00',
            'credit_limit_kind', limit_kind, 'credit_limit', credit_limit::text, 'exposure', exposure::text,
            'utilisation', utilisation, 'line', given.line, 'strong_line', given.strong_line, 'crosses', true,
            'strong', strong, 'pause', NULL, 'last_pause', NULL, 'synced_at', given.synced_at,
            'material', jsonb_build_array(ar::text, oldest_due, orders_total::text, '0.00', false, false)
        ),
        rationale, warnings, figures_version, strong, exposure, given.currency, given.by, given.now, '',
        given.content_hash
    FROM told, given
    ON CONFLICT DO NOTHING
    RETURNING id, run_id, customer_id
),
run AS (
    INSERT INTO workflow_run_log (
        id, run_id, workflow_type, definition_version, customer_id, status, source, invoked_by, inputs, context,
        warnings, stages, error, started_at
    )
    SELECT
        run_pk, run_uuid, given.workflow_type, given.definition_version, customer, 'awaiting_decision', given.source,
        given.by,
        jsonb_build_object(
            'customer_id', netsuite_id, 'ar_balance', ar::text, 'days_overdue', days, 'reason', given.reason
        ),
        jsonb_build_object(
            'owed', owed, 'open_sos', open_orders, 'prior_holds', 0, 'hold_outcomes', '[]'::jsonb,
            'set_apart', '0.00', 'pause', NULL, 'last_pause', NULL, 'synced_at', given.synced_at
        ),
        warnings,
        jsonb_build_array(
            jsonb_build_object('stage', 'load_contract', 'status', 'ok', 'at', given.said_at),
            jsonb_build_object('stage', 'load_context', 'status', 'ok', 'at', given.said_at, 'words', given.queries),
            jsonb_build_object(
                'stage', 'preconditions', 'status', CASE WHEN warnings = '[]' THEN 'ok' ELSE 'warned' END,
                'at', given.said_at,
                'words', coalesce((
                    SELECT string_agg(warning ->> 'detail', ' ' ORDER BY place)
                    FROM jsonb_array_elements(warnings) WITH ORDINALITY AS listed (warning, place)), '')
            ),
            jsonb_build_object('stage', 'human_gate', 'status', 'waiting', 'at', given.said_at)
        ),
        '', given.now
    FROM told JOIN proposal ON proposal.run_id = told.run_pk, given
),
hold AS (
    INSERT INTO service_holds (
        customer_id, run_id, proposal_id, origin, status, reason, ar_balance, days_overdue, currency, prior_value,
        proposed_at, placed_by, ended_by, end_reason
    )
    SELECT
        customer, run_pk, proposal.id, 'automatic', 'proposed', given.reason, ar, days, given.currency, 'AUTO',
        given.now, '', '', ''
    FROM told JOIN proposal ON proposal.run_id = told.run_pk, given
    RETURNING service_holds.*
),
history AS (
    INSERT INTO service_holds_history (
        id, customer_id, run_id, proposal_id, origin, status, reason, ar_balance, days_overdue, currency, prior_value,
        proposed_at, placed_by, ended_by, end_reason, history_date, history_change_reason, history_type
    )
    SELECT
        hold.id, customer_id, run_id, proposal_id, origin, status, hold.reason, ar_balance, days_overdue, hold.currency,
        prior_value, proposed_at, placed_by, ended_by, end_reason, given.now, '', '+'
    FROM hold, given
),
transition AS (
    INSERT INTO state_transitions (machine, row_id, verb, source, target, by, reason, at)
    SELECT 'proposedaction', proposal.id, 'create', '', 'pending', given.by, given.source, given.now
    FROM proposal, given
    UNION ALL
    SELECT 'servicehold', hold.id, 'create', '', 'proposed', given.by, '', given.now FROM hold, given
)
SELECT count(*) FROM proposal
