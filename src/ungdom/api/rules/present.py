"""Deadline rules and workflows as schemas."""

from ungdom import texts
from ungdom.api.http.present import from_source
from ungdom.api.rules.schemas import GuardOut, ReceiverOut, RowOut, RuleList, RuleOut, WorkflowOut
from ungdom.workflow import table
from ungdom.workflow.rules.deadlines import RULES, DeadlineRule
from ungdom.workflow.rules.escalation import RECEIVERS
from ungdom.workflow.table import Move, PreviousState
from ungdom.workflow.vocabulary import Regime, Sanction, State


def rules_out(language: texts.Language) -> RuleList:
    """The deadline rules with their law, and who is notified of delay when."""
    receivers = [
        ReceiverOut(
            receiver=row.audience,
            receiver_label=texts.label(language, row.audience),
            after_due=list(row.after_due),
            source=row.source,
        )
        for row in RECEIVERS
    ]
    return RuleList(items=[rule_out(rule, language) for rule in RULES], receivers=receivers)


def rule_out(rule: DeadlineRule, language: texts.Language) -> RuleOut:
    """One rule."""
    lengths = rule.length.values if rule.length else ()
    return from_source(
        RuleOut,
        rule,
        label=texts.text(language, "deadline", rule.code),
        lengths=[{"from": since.isoformat(), "length": str(length)} for since, length in lengths],
        who_is_late=list(rule.who),
        is_delay=rule.delay,
    )


def workflow_out(sanction: Sanction, regime: Regime, rows: tuple[Move, ...], language: texts.Language) -> WorkflowOut:
    """One workflow as data: the states that its moves reach, and its rows."""
    reached = {row.target for row in rows if isinstance(row.target, State)}
    moves = [_row_out(row, reached, language) for row in rows if row.target is not None]
    facts = [_row_out(row, reached, language) for row in rows if row.target is None]
    return WorkflowOut(
        sanction=sanction,
        regime=regime,
        table_version=table.VERSION,
        states=[state for state in State if state in reached],
        moves=moves,
        facts=facts,
    )


def _row_out(row: Move, reached: set[State], language: texts.Language) -> RowOut:
    target = row.target.name if isinstance(row.target, PreviousState) else row.target
    return RowOut(
        event=row.event,
        label=texts.label(language, row.event),
        sources=[state for state in row.sources if state in reached],
        to=target,
        guards=[GuardOut(code=guard.code, law=guard.law) for guard in row.guards],
        only_for=row.only_for.__name__ if row.only_for else None,
        actors=list(row.actors),
        law=row.law,
    )
