"""What a number is made of, and what changed since the last release: parts that add up. Exact.

Each case is looked at three times: as known at the release, the same day as known now, and now. What differs between
the first two was recorded late or corrected; what differs between the last two has happened since. Where the release
counted by an earlier version of the definition, the first look is taken twice: by that version and by the current one.
What differs between these is redefined.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from ungdom.analytics import case_reader
from ungdom.analytics.case_cache import CaseSelection
from ungdom.analytics.case_facts import CaseFacts
from ungdom.analytics.definitions import (
    COMPLETION_BY_CODE,
    LEAD_TIME_BY_CODE,
    CompletionDefinition,
    LeadTimeDefinition,
)
from ungdom.analytics.dimensions import DIMENSION_READERS, Subject
from ungdom.analytics.durations import NEVER_AT_RISK
from ungdom.analytics.outcomes import outcome
from ungdom.analytics.queries.statistics import CubeQuery
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Connection
from ungdom.workflow.calendar import days_between, oslo_date
from ungdom.workflow.vocabulary import Sanction

Endings = dict[UUID, str]
"""The ending of each case that a figure counts; an open case has one as well."""
ExplainedDefinition = LeadTimeDefinition | CompletionDefinition
"""A definition that gives each case one ending."""


@dataclass(slots=True)
class Changes:
    """By ending: the cases that joined (or took this ending) and those that left it, each case once on each side."""

    joined: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)

    def add(self, before: str | None, after: str | None) -> None:
        """Count the change of one case; None: it was, or is, not counted."""
        if before == after:
            return
        if before is not None:
            self.left[before] = self.left.get(before, 0) + 1
        if after is not None:
            self.joined[after] = self.joined.get(after, 0) + 1

    def net(self, ending: str) -> int:
        """By how many cases the ending grew."""
        return self.joined.get(ending, 0) - self.left.get(ending, 0)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Counts by ending at the release and now, and the parts of the difference. `day`: the day of the count.

    `late`: cases that were not known at the release, although they were in the period by then. `corrected`: cases that
    were known, and are counted otherwise for that day now. `new`: what has happened since. `redefined`: cases that the
    current version of the definition counts otherwise than that of the release, as known then; `then` is by the latter.
    """

    day: date
    then: Mapping[str, int]
    now: Mapping[str, int]
    late: Changes
    corrected: Changes
    new: Changes
    unread: int
    redefined: Changes = field(default_factory=Changes)

    @property
    def parts(self) -> tuple[Changes, ...]:
        """Every part of the difference."""
        return self.redefined, self.late, self.corrected, self.new

    @property
    def endings(self) -> tuple[str, ...]:
        """Every ending that occurs."""
        changes = (side for part in self.parts for side in (part.joined, part.left))
        return tuple(dict.fromkeys(ending for counts in (self.then, self.now, *changes) for ending in counts))


def explain(
    tx: Connection,
    keys: EncryptionKeys,
    query: CubeQuery,
    now: datetime,
    released_at: datetime | None,
    released_definition: ExplainedDefinition | None = None,
) -> Explanation:
    """The figure of the query, and its change since `released_at`; None: since nothing. Raises `TooManyCases`.

    `released_definition`: the version by which the release counted; None: the current one.
    """
    definition = current_definition(query)
    current = _Reading(tx, keys, query, now, definition)
    today = current.endings()
    if released_at is None:
        return Explanation(query.day(now), {}, _counted(today), Changes(), Changes(), Changes(), current.unread)
    past = replace(query, valid_at=min(oslo_date(released_at), query.day(now)))
    known_then = _Reading(tx, keys, replace(past, known_at=released_at), now, definition, released_definition)
    then = known_then.endings()
    then_as_known_now = _Reading(tx, keys, past, now, definition).endings()
    released = then if released_definition is None else known_then.earlier
    redefined = Changes()
    for case_id in released.keys() | then.keys():
        redefined.add(released.get(case_id), then.get(case_id))
    late, corrected, new = Changes(), Changes(), Changes()
    for case_id in then.keys() | then_as_known_now.keys() | today.keys():
        part = corrected if case_id in known_then.seen else late
        part.add(then.get(case_id), then_as_known_now.get(case_id))
        new.add(then_as_known_now.get(case_id), today.get(case_id))
    counts = _counted(released), _counted(today)
    return Explanation(query.day(now), *counts, late, corrected, new, current.unread, redefined)


@dataclass(slots=True)
class _Reading:
    """The cases of a query, read once. `seen`: every case that was known, counted or not.

    `earlier`: the endings by the version that was replaced, where there is one.
    """

    tx: Connection
    keys: EncryptionKeys
    query: CubeQuery
    now: datetime
    definition: ExplainedDefinition
    replaced: ExplainedDefinition | None = None
    earlier: Endings = field(default_factory=dict)
    seen: set[UUID] = field(default_factory=set)
    unread: int = 0

    def endings(self) -> Endings:
        """The ending of each case that the figure counts."""
        return dict(self._endings())

    def _endings(self) -> Iterator[tuple[UUID, str]]:
        query = self.query
        sanction = query.where.get("sanction")
        selection = CaseSelection(
            query.valid_at, query.known_at, None, Sanction(sanction) if sanction else None, query.at_most
        )
        for case in case_reader.read(self.tx, selection, self.now, self.keys if query.needs_sex else None):
            self.seen.add(case.case_id)
            subject = Subject(case.facts, case.sex)
            if all(DIMENSION_READERS[code](subject) == value for code, value in query.where.items()):
                day = query.day(self.now)
                before = _ending(self.replaced, query, case.facts, day) if self.replaced else None
                if before is not None:
                    self.earlier[case.case_id] = before
                ending = _ending(self.definition, query, case.facts, day)
                if ending is not None:
                    yield case.case_id, ending
        self.unread = selection.unread


def current_definition(query: CubeQuery) -> ExplainedDefinition:
    """The definition of the one figure of the query."""
    (code,) = query.codes
    return LEAD_TIME_BY_CODE[code] if code in LEAD_TIME_BY_CODE else COMPLETION_BY_CODE[code]


def _ending(definition: ExplainedDefinition, query: CubeQuery, facts: CaseFacts, day: date) -> str | None:
    """How the case ended, as the figure counts it at the end of `day`; None: it does not count it in the period."""
    if isinstance(definition, LeadTimeDefinition):
        duration = definition.duration(facts)
        if duration is None or not query.since <= duration.period_day <= query.until:
            return None
        days = days_between(duration.since, duration.ended_on or max(day, duration.since))
        return duration.ending if days > duration.entry else NEVER_AT_RISK
    placed = definition.cohort_day(facts)
    return outcome(facts) if placed and query.since <= placed <= query.until else None


def _counted(endings: Endings) -> dict[str, int]:
    counts: dict[str, int] = {}
    for ending in endings.values():
        counts[ending] = counts.get(ending, 0) + 1
    return counts
