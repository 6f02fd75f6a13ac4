"""Offence records: one new act, or one charge of it, and its outcome, merged from all cases and messages. Pure.

A case has its own acts and the new offences recorded in it; observations have the rest. Duplicates are merged: records
with the same numbers (`key`), or of the same day.
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ungdom.store.codec import Codec, Day
from ungdom.store.observations import Observation
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import EventType, ObservationKind, State

E, KIND = EventType, ObservationKind

WITHOUT_GUILT = (d.OtherOutcome.ACQUITTED, d.OtherOutcome.DROPPED)
_IMPLY_A_CHARGE = (E.INDICTED, E.TRANSFERRED_TO_FOLLOW_UP, E.JUDGMENT_GIVEN, E.FOLLOW_UP_BY_JUDGMENT)


class OffenceRecord(NamedTuple):
    """One offence. `offence`: the day of the act, the first day of an act that lasted; None: not reported.

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
        """Whether the charge is still valid: it ended neither without guilt nor with a simplified fine alone."""
        return self.decided is not None or not (self.left or self.fined)


@dataclass(frozen=True, slots=True)
class CaseOffences:
    """The offences of one case. `own`: its acts; `later`: new offences that were recorded in it."""

    own: tuple[OffenceRecord, ...]
    later: tuple[OffenceRecord, ...]


def case_offences(case: Case) -> CaseOffences:
    """The offences recorded in this case."""
    first = case.first(E.CHARGED) or case.first(*_IMPLY_A_CHARGE)
    charged, decided = first.occurred_on if first else None, final_on(case)
    set_aside = case.state is State.OTHER_DECISION and decided is None
    own = (OffenceRecord(act.on, charged, decided, left=set_aside) for act in case.offences)
    return CaseOffences(tuple(dict.fromkeys(own)), tuple(_later_offences(case)))


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
    details = by.details
    if isinstance(details, d.OtherOutcomeReached):
        return details.outcome not in WITHOUT_GUILT
    return isinstance(details, d.AppealDecided)


def _later_offences(case: Case) -> Iterator[OffenceRecord]:
    """A decision that closed the case is attributed to the new offence recorded last, where it does not name one."""
    known: date | None = None
    for event in case.all(E.NEW_OFFENCE_RECORDED, E.CLOSED_AFTER_NEW_OFFENCE):
        details = event.details
        if isinstance(details, d.NewOffenceRecorded):
            known = details.offence_on
            yield OffenceRecord(known, details.charged_on)
        elif isinstance(details, d.ClosedAfterNewOffence):
            yield OffenceRecord(details.offence_on or known, None, details.decided_on)


# --- observations, and deduplication ----------------------------------------------------------------------------


def offence_of_observation(observation: Observation) -> OffenceRecord | None:
    """The offence that an observation reports; None for another kind of observation."""
    key = str(observation.matter_id) if observation.matter_id else None
    if observation.kind is KIND.CHARGE:
        return OffenceRecord(observation.offence_on, charged=observation.occurred_on, key=key)
    if observation.kind is KIND.FINAL_DECISION:
        decided = None if observation.simplified_fine else observation.occurred_on
        return OffenceRecord(observation.offence_on, decided=decided, fined=observation.simplified_fine, key=key)
    return (
        OffenceRecord(observation.offence_on, left=True, key=key)
        if observation.kind in (KIND.DROPPED, KIND.ACQUITTED)
        else None
    )


def deduplicate(records: Iterable[OffenceRecord]) -> list[OffenceRecord]:
    """Deduplicates by reference key, then by offence date."""
    by_key = _merged_by_key((record.key or n, record) for n, record in enumerate(records))
    return _merged_by_key((record.offence or n, record) for n, record in enumerate(by_key))


def _merged_by_key(keyed: Iterable[tuple[Hashable, OffenceRecord]]) -> list[OffenceRecord]:
    merged: dict[Hashable, OffenceRecord] = {}
    for name, record in keyed:
        first = merged.setdefault(name, record)
        if first is not record:
            merged[name] = OffenceRecord(
                first.offence or record.offence,
                _earlier(first.charged, record.charged),
                _earlier(first.decided, record.decided),
                first.fined or record.fined,
                first.left or record.left,
                first.key or record.key,
            )
    return list(merged.values())


def _earlier(first: date | None, other: date | None) -> date | None:
    return min((day for day in (first, other) if day is not None), default=None)


# --- serialisation ----------------------------------------------------------------------------------------------


_StoredOffence = tuple[Day | None, Day | None, Day | None, bool]
_CODEC = Codec(tuple[list[_StoredOffence], list[_StoredOffence]])


def dump(offences: CaseOffences) -> str:
    """The offences as compact JSON."""
    own, later = ([(*record[:3], record.left) for record in records] for records in (offences.own, offences.later))
    return _CODEC.dump((own, later))


def load(text: str) -> CaseOffences:
    """The offences written by `dump`."""
    own, later = (
        tuple(OffenceRecord(offence, charged, decided, left=left) for offence, charged, decided, left in records)
        for records in _CODEC.load(text)
    )
    return CaseOffences(own, later)
