"""Corrected facts about a youth: what would no longer be legal in their cases, and computing these anew.

A correction of the birth date or of the guardians is judged like the correction of an event: each case of the person
has to remain a legal walk. Events stay as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ungdom.store import alerts, journal, projection, rebuild
from ungdom.store.journal import StoredCase
from ungdom.store.replaying import replayed
from ungdom.store.session import Connection
from ungdom.workflow import engine, legality
from ungdom.workflow.answers import IllegalStep
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Youth

SHOWN = ("turns_18_on", "next_due_on", "next_due_code", "act_on", "adjusted_end", "waiting_for")
"""The columns of a case that may follow from the birth date and the guardians."""


@dataclass(frozen=True, slots=True)
class YouthImpact:
    """What corrected facts about the youth mean for one case.

    `broken`: the steps that were allowed and would not be any more. `changes`: by name of a column in `SHOWN`, its
    value before and after.
    """

    case_id: UUID
    reference: str
    konfliktrad: str
    broken: tuple[IllegalStep, ...]
    changes: dict[str, tuple[date | str | None, date | str | None]]


def impact(tx: Connection, youths: Mapping[UUID, Youth]) -> list[YouthImpact]:
    """What these facts, by case, would change. Writes nothing."""
    return [_impact_on(stored, youths[stored.case_id]) for stored in journal.load_many(tx, youths)]


def recompute(tx: Connection, case_ids: list[UUID], at: datetime) -> None:
    """Computes these cases anew by the newest facts: projections, deadlines, tasks, stored figures, alerts."""
    rebuild.refold(tx, case_ids)
    rebuild.forget_figures(tx, case_ids)
    for stored in journal.load_many(tx, case_ids):
        if stored.alerted:
            case = replayed(stored)
            alerts.clear(tx, stored.case_id, case, oslo_date(at), at, corrected=True)


def _impact_on(stored: StoredCase, youth: Youth) -> YouthImpact:
    known = {
        (step.seq, unmet.code) for step in legality.illegal_steps(stored.youth, stored.events) for unmet in step.unmet
    }
    steps = (
        replace(step, unmet=tuple(unmet for unmet in step.unmet if (step.seq, unmet.code) not in known))
        for step in legality.illegal_steps(youth, stored.events)
    )
    before, after = _columns(stored, stored.youth), _columns(stored, youth)
    return YouthImpact(
        case_id=stored.case_id,
        reference=stored.reference,
        konfliktrad=before["konfliktrad"],
        broken=tuple(step for step in steps if step.unmet),
        changes={name: (before[name], after[name]) for name in SHOWN if before[name] != after[name]},
    )


def _columns(stored: StoredCase, youth: Youth) -> dict[str, Any]:
    return projection.row_of(stored.identity, engine.fold(youth, stored.events), stored.events[-1])
