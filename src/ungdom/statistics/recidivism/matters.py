"""Matters: one new act, or one charge of it, and what became of it, however many cases and messages tell of it. Pure.

A case tells of its own acts and of new offences recorded in it; observations tell of the rest. Told twice it is one
matter: by the same numbers (`key`), or of the same day.
"""

import json
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from ungdom.store.observations import Observation
from ungdom.workflow import details as d
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import EventType, ObservationKind, State

E, KIND = EventType, ObservationKind

WITHOUT_GUILT = (d.OtherOutcome.ACQUITTED, d.OtherOutcome.DROPPED)
_SUPPOSE_A_CHARGE = (E.INDICTED, E.TRANSFERRED_TO_FOLLOW_UP, E.JUDGMENT_GIVEN, E.FOLLOW_UP_BY_JUDGMENT)


class Matter(NamedTuple):
    """One matter. `offence`: the day of the act, of an act that lasted the first; None: nobody has told it.

    `charged`: the day of the charge. `decided`: the day on which a decision that holds the youth guilty became final, a
    simplified fine (forenklet forelegg) left out; `fined`: there was one. `left`: dropped, acquitted, or set aside.
    """

    offence: date | None = None
    charged: date | None = None
    decided: date | None = None
    fined: bool = False
    left: bool = False
    key: str | None = None

    @property
    def stands(self) -> bool:
        """Whether the charge still stands: it ended neither without guilt nor with a simplified fine alone."""
        return self.decided is not None or not (self.left or self.fined)


@dataclass(frozen=True, slots=True)
class Trace:
    """What one case tells of matters. `own`: its acts; `later`: new offences that were recorded in it."""

    own: tuple[Matter, ...]
    later: tuple[Matter, ...]


def trace(case: Case) -> Trace:
    """The matters that this case tells of, as it stands."""
    first = case.first(E.CHARGED) or case.first(*_SUPPOSE_A_CHARGE)
    charged, decided, left = first.occurred_on if first else None, final_on(case), _left(case)
    own = (Matter(act.on, charged, decided, left=left) for act in case.offences)
    return Trace(tuple(dict.fromkeys(own)), tuple(_later(case)))


def final_on(case: Case) -> date | None:
    """The day on which guilt was decided with finality in this case; None: it is not, or was set aside afterwards.

    A transfer is final at once (strpl § 71 a), and so is another outcome than an acquittal or a dropped case; a
    judgment when it became final (strpl § 50); a decision on appeal that gave another sanction on its own day.
    """
    if case.state is State.OTHER_DECISION:
        by = case.last(E.OTHER_OUTCOME, E.APPEAL_DECIDED, E.DECISION_SET_ASIDE)
        return by.occurred_on if by and _holds_guilty(by) else None
    final = case.last(E.BECAME_FINAL) or case.last(E.TRANSFERRED_TO_FOLLOW_UP)
    return final.occurred_on if final else None


def _holds_guilty(by: Event) -> bool:
    said = by.details
    if isinstance(said, d.OtherOutcomeReached):
        return said.outcome not in WITHOUT_GUILT
    return isinstance(said, d.AppealDecided)


def _left(case: Case) -> bool:
    return case.state is State.OTHER_DECISION and final_on(case) is None


def _later(case: Case) -> Iterator[Matter]:
    """A decision that closed the case is of the new offence recorded last, where it does not tell of which."""
    known: date | None = None
    for event in case.all(E.NEW_OFFENCE_RECORDED, E.CLOSED_AFTER_NEW_OFFENCE):
        said = event.details
        if isinstance(said, d.NewOffenceRecorded):
            known = said.offence_on
            yield Matter(known, said.charged_on)
        elif isinstance(said, d.ClosedAfterNewOffence):
            yield Matter(said.offence_on or known, None, said.decided_on)


# --- what is observed, and all of it together -------------------------------------------------------------------


def observed(one: Observation) -> Matter | None:
    """The matter that an observation tells of; None where it is of something else."""
    key = str(one.matter_id) if one.matter_id else None
    if one.kind is KIND.CHARGE:
        return Matter(one.offence_on, charged=one.occurred_on, key=key)
    if one.kind is KIND.FINAL_DECISION:
        decided = None if one.simplified_fine else one.occurred_on
        return Matter(one.offence_on, decided=decided, fined=one.simplified_fine, key=key)
    return Matter(one.offence_on, left=True, key=key) if one.kind in (KIND.DROPPED, KIND.ACQUITTED) else None


def together(told: Iterable[Matter]) -> list[Matter]:
    """Each matter once: those of one key as one, then those of one day as one."""
    by_key = _joined((one.key or n, one) for n, one in enumerate(told))
    return _joined((one.offence or n, one) for n, one in enumerate(by_key))


def _joined(named: Iterable[tuple[Hashable, Matter]]) -> list[Matter]:
    found: dict[Hashable, Matter] = {}
    for name, one in named:
        found[name] = _both(found[name], one) if name in found else one
    return list(found.values())


def _both(one: Matter, other: Matter) -> Matter:
    return Matter(
        one.offence or other.offence,
        _earlier(one.charged, other.charged),
        _earlier(one.decided, other.decided),
        one.fined or other.fined,
        one.left or other.left,
        one.key or other.key,
    )


def _earlier(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day is not None), default=None)


# --- keeping ----------------------------------------------------------------------------------------------------


def dump(one: Trace) -> str:
    """A trace as compact JSON; days are numbers of days since the year 1."""
    plain = [[[*map(_number, matter[:3]), matter.left] for matter in of] for of in (one.own, one.later)]
    return json.dumps(plain, separators=(",", ":"))


def load(text: str) -> Trace:
    """The trace written by `dump`."""
    own, later = (tuple(map(_matter, told)) for told in json.loads(text))
    return Trace(own, later)


def _matter(plain: list[Any]) -> Matter:
    offence, charged, decided, left = plain
    return Matter(_day(offence), _day(charged), _day(decided), left=left)


def _number(day: date | None) -> int | None:
    return None if day is None else day.toordinal()


def _day(number: int | None) -> date | None:
    return None if number is None else date.fromordinal(number)
