-- The same move as the service writes it: read the history, then one statement. See four.sql.
\set number random(0, :per_client - 1) * :clients + :client_id
BEGIN;
SELECT case_id, seq, type, occurred_on, occurred_at, details, recorded_at, actor, role, subject, source FROM event
    WHERE case_id = (:prefix || lpad(to_hex(:number::integer), 12, '0'))::uuid AND recorded_at <= '9999-12-31'
    ORDER BY seq \aset
\set next :seq + 1
\set out :next % 2
WITH gate AS (
    UPDATE case_current SET version = :next, sanction = 'youth_follow_up', konfliktrad = :office,
        state = CASE :out::integer WHEN 1 THEN 'postponed' ELSE 'preparing' END, phase = 'plan',
        waiting_for = CASE :out::integer WHEN 1 THEN 'youth' ELSE 'konfliktrad' END, decision_regime = 'R2',
        registered_on = :registered_on, first_offence = :offence_on, last_offence = :offence_on,
        received_on = :received_on, started_on = NULL, start_rule = NULL, planned_end = NULL, adjusted_end = NULL,
        closed_on = NULL, coordinator = :coordinator, next_due_on = :due_on, next_due_code = :due_code,
        turns_18_on = :adult_on, updated_at = now(),
        act_on = CASE :out::integer WHEN 1 THEN :act_on_out::date ELSE :act_on_back::date END,
        dated_on = NULLIF(CASE :out::integer WHEN 1 THEN :dated_on_out ELSE :dated_on_back END, 'None')::date,
        undated_on = NULLIF(CASE :out::integer WHEN 1 THEN :undated_on_out ELSE :undated_on_back END, 'None')::date,
        duties = CASE :out::integer WHEN 1 THEN :duties_out ELSE :duties_back END,
        task_kinds = CASE :out::integer WHEN 1 THEN :task_kinds_out ELSE :task_kinds_back END,
        tasks = CASE :out::integer WHEN 1 THEN :tasks_out ELSE :tasks_back END, transfer_to = NULL,
        waiting_since = CASE :out::integer WHEN 1 THEN :waiting_since_out::date ELSE :waiting_since_back::date END,
        look_on = CASE :out::integer WHEN 1 THEN :look_on_out::date ELSE :look_on_back::date END
        WHERE case_id = :case_id AND version = :seq
        RETURNING case_id
), written AS (
    INSERT INTO event (case_id, seq, type, occurred_on, occurred_at, details, recorded_at, actor, role, subject, source)
        SELECT case_id, :next::integer, CASE :out::integer WHEN 1 THEN 'postponed' ELSE 'postponement_ended' END,
            :moved_on::date, NULL::timestamptz, CASE :out::integer WHEN 1 THEN :reason ELSE '{}' END, now(),
            'coordinator', 'coordinator', :coordinator, 'api'
            FROM gate
        RETURNING seq
), sent AS (
    INSERT INTO outbox (message_id, case_id, seq, kind, payload, created_at, delivered_at)
        SELECT gen_random_uuid(), case_id, :next::integer, kind, :payload, now(), NULL
        FROM gate, (VALUES ('case.event_recorded', 1), ('esas.status', :out::integer)) AS promised (kind, told)
        WHERE told = 1
)
SELECT count(*) FROM written;
END;
