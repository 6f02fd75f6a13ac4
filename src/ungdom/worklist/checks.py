"""Nightly integrity checkers: each finds a state that must not occur and has a section in `docs/operations.md`.

A checker only reads. Most are one query; where the history is needed, a query finds the candidates and only those are
folded. A checker returns at most `MAX_FINDINGS` findings.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, String, and_, cast, exists, func, or_, select

from ungdom.audit.findings import AuditFinding
from ungdom.store import access_index, alerts, chain_seals, chain_verification, duplicates, journal, rebuild
from ungdom.store.inbox import PARKED
from ungdom.store.outbox import waits_too_long
from ungdom.store.replaying import replayed
from ungdom.store.schema.alerts import alert
from ungdom.store.schema.cases import case_current, case_file, event
from ungdom.store.schema.inbox import decision
from ungdom.store.schema.outbox import outbox
from ungdom.store.schema.staff import staff
from ungdom.store.session import Database
from ungdom.store.staff import works
from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import OSLO, after, oslo_date
from ungdom.workflow.case import Case
from ungdom.workflow.derived.team import running_measures
from ungdom.workflow.errors import IllegalHistory
from ungdom.workflow.rules.escalation import DelayReason, flags
from ungdom.workflow.vocabulary import EventType, Party, Sanction, State
from ungdom.worklist import unusual_access

MAX_FINDINGS = 1_000
"""Maximum findings per checker and night."""
LONGEST_PARKED = timedelta(days=1)
"""How long a newer version of a decision may be parked before it is a finding."""
REPLAY_NIGHTS = 32
"""Number of nights in which every case is replayed once."""
FAILED = "checker_failed"
"""`about` of the finding of a checker that raised an error."""
RECENTLY_CLOSED = timedelta(days=365)
"""How long after closing a case is checked for measures without outcome."""

E, C = EventType, case_current.c


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: the case, by id and reference, its first day, and `about`: an id, a code or a column."""

    code: str
    case_id: UUID | None
    reference: str | None
    since: date | None
    about: str | None = None


@dataclass(frozen=True, slots=True)
class CheckDay:
    """The day that is checked, in Oslo, and the present instant."""

    day: date
    now: datetime

    @property
    def starts_at(self) -> datetime:
        """The first instant of the day."""
        return datetime.combine(self.day, time(), OSLO)

    @property
    def before(self) -> date:
        """The day before, of which the access log is whole."""
        return self.day - timedelta(days=1)


CheckFunction = Callable[[Connection, CheckDay, str], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Checker:
    """One integrity checker with its code."""

    code: str
    find: CheckFunction


def run(db: Database, day: date, now: datetime) -> dict[str, list[Finding]]:
    """The findings for that day by code of the checker; each checker reads in its own transaction."""
    access_index.fill_if_possible(db)
    check_day = CheckDay(day, now)
    return {checker.code: _run(db, checker, check_day) for checker in CHECKERS}


def _run(db: Database, checker: Checker, check_day: CheckDay) -> list[Finding]:
    try:
        with db.reading() as tx:
            return list(checker.find(tx, check_day, checker.code))[:MAX_FINDINGS]
    except Exception as error:  # noqa: BLE001  # a checker that fails is a finding itself, and must not stop the others
        return [Finding(checker.code, None, None, check_day.day, f"{FAILED}: {type(error).__name__}")]


# --- from projections ---------------------------------------------------------------------------------------


def no_open_step(tx: Connection, _check_day: CheckDay, code: str) -> Iterator[Finding]:
    """An open case without a due date or a wait: nothing brings it to attention again."""
    for row, case in _candidates(tx, _open().where(C.next_due_on.is_(None))):
        if case is None or all(ended is not None for _, ended in case.waits()):
            yield _finding(row, code, oslo_date(row.updated_at))


def wait_without_party(tx: Connection, _check_day: CheckDay, code: str) -> Iterator[Finding]:
    """An open case that waits for nobody."""
    return (
        _finding(row, code, oslo_date(row.updated_at)) for row in tx.execute(_open().where(C.waiting_for.is_(None)))
    )


def assigned_to_inactive(tx: Connection, check_day: CheckDay, code: str) -> Iterator[Finding]:
    """An open case whose coordinator does not work there that day."""
    gone = _open(staff.c.active_to).outerjoin(staff, staff.c.subject == C.coordinator)
    for row in tx.execute(
        gone.where(C.coordinator.is_not(None), or_(staff.c.subject.is_(None), ~works(check_day.day)))
    ):
        yield _finding(row, code, row.active_to and row.active_to + timedelta(days=1))


def guardian_step_at_18(tx: Connection, check_day: CheckDay, code: str) -> Iterator[Finding]:
    """An open case of a person of 18 or more that waits for a guardian, or whose delay has that reason."""
    open_alert = (alert.c.case_id == C.case_id, alert.c.cleared_at.is_(None))
    explained = exists().where(*open_alert, alert.c.reason == str(DelayReason.WAITING_FOR_GUARDIAN))
    waits = or_(C.waiting_for == Party.GUARDIAN, explained)
    rows = tx.execute(_open(C.turns_18_on).where(C.turns_18_on <= check_day.day, waits))
    return (_finding(row, code, row.turns_18_on) for row in rows)


def closed_with_alert(tx: Connection, _check_day: CheckDay, code: str) -> Iterator[Finding]:
    """A closed case with an alert that is not cleared."""
    joined = _cases(C.closed_on, alert.c.code).join(alert, alert.c.case_id == C.case_id)
    rows = tx.execute(joined.where(C.closed_on.is_not(None), alert.c.cleared_at.is_(None)))
    return (_finding(row, code, row.closed_on, row.code) for row in rows)


def two_open_on_one_decision(tx: Connection, _check_day: CheckDay, code: str) -> Iterator[Finding]:
    """Two open cases of one person with one police case number that nobody has marked as not duplicates."""
    pairs = duplicates.open_duplicates(tx, MAX_FINDINGS)
    known = {
        stored.case_id: stored
        for stored in journal.load_many(tx, {case_id for pair in pairs for case_id in pair}, None, [])
    }
    for pair in (pair for pair in pairs if known.keys() >= set(pair)):
        received = (e.details for case_id in pair for e in known[case_id].events if isinstance(e.details, d.Received))
        marked = any(details.not_a_duplicate for details in received)
        for case_id in pair if not marked else ():
            other = known[pair[1] if case_id == pair[0] else pair[0]]
            stored = known[case_id]
            yield Finding(
                code, case_id, stored.reference, oslo_date(max(stored.opened_at, other.opened_at)), str(other.case_id)
            )


# --- from the history of candidates -------------------------------------------------------------------------


def overdue_without_alert(tx: Connection, check_day: CheckDay, code: str) -> Iterator[Finding]:
    """An open case with an overdue clock without an alert. Cases changed today are swept tonight and left out."""
    alerted = exists().where(
        alert.c.case_id == C.case_id, alert.c.code == C.next_due_code, alert.c.due == C.next_due_on,
        alert.c.cleared_at.is_(None),
    )  # fmt: skip
    late = (
        _open()
        .where(C.next_due_on < check_day.day, ~alerted, C.updated_at < check_day.starts_at)
        .order_by(C.next_due_on)
    )
    for row, case in _candidates(tx, late):
        known = {live_alert.status.key for live_alert in alerts.live(tx, [row.case_id])} if case else set()
        for flag in flags(case, check_day.day) if case else ():
            if flag.deadline.due < check_day.day and flag.key not in known:
                yield _finding(row, code, flag.deadline.due, flag.deadline.code)


def measure_without_outcome(tx: Connection, check_day: CheckDay, code: str) -> Iterator[Finding]:
    """A measure that started and has not ended although the case is closed or the term is over."""
    over = or_(
        C.closed_on.between(check_day.day - RECENTLY_CLOSED, check_day.day),
        and_(C.closed_on.is_(None), C.adjusted_end < check_day.day),
    )
    begun, ended = (_event_count(kind) for kind in (E.MEASURE_STARTED, E.MEASURE_ENDED))
    for row, case in _candidates(tx, _cases().where(over, begun > ended).order_by(C.updated_at.desc())):
        end = (case.closed_on or case.adjusted_end(check_day.day)) if case else None
        for measure, _ in running_measures(case) if case and end and end < check_day.day else ():
            yield _finding(row, code, end, measure)


def past_maximum_duration(tx: Connection, check_day: CheckDay, code: str) -> Iterator[Finding]:
    """A sanction still in execution after the maximum duration of the law, interruptions added."""
    long_ago = check_day.day - timedelta(days=365)
    for row, case in _candidates(tx, _open().where(C.started_on < long_ago, C.state != State.TERM_EXPIRED)):
        last = last_day_allowed(case, check_day.day) if case else None
        if last is not None and last < check_day.day:
            yield _finding(row, code, last + timedelta(days=1))


def last_day_allowed(case: Case, day: date) -> date | None:
    """Last possible day of execution, by the law of the day of the decision. strl § 52 b, strpl § 71 a."""
    if case.start is None or case.sanction_in_force is None:
        return None
    terms, decided = case.sanction_in_force.terms, case.sanction_in_force.on
    most = law.FOLLOW_UP_MAX
    if case.sanction is Sanction.YOUTH_SANCTION:
        most = law.SANCTION_MAX_GRAVE if terms and terms.prison_would_exceed_two_years else law.SANCTION_MAX
    return after(case.start.on, most.on(decided)) + timedelta(days=case.interrupted_days(day))


# --- messages -----------------------------------------------------------------------------------------------


def superseded_but_unmoved(tx: Connection, check_day: CheckDay, code: str) -> Iterator[Finding]:
    """A newer version of a decision parked for a day: the case is out of date or empty."""
    lower = decision.alias("lower")
    older = and_(
        lower.c.source == decision.c.source,
        lower.c.decision_id == decision.c.decision_id,
        lower.c.version < decision.c.version,
    )
    case_id = func.coalesce(decision.c.case_id, _newest_case(lower, older)).label("about_case")
    query = select(decision.c.message_id, decision.c.received_at, case_id)
    parked = query.where(
        decision.c.outcome == PARKED, exists().where(older), decision.c.received_at < check_day.now - LONGEST_PARKED
    )
    rows = tx.execute(parked.order_by(decision.c.received_at).limit(MAX_FINDINGS)).all()
    names = _references(tx, [row.about_case for row in rows if row.about_case])
    for row in rows:
        since = oslo_date(row.received_at)
        yield Finding(code, row.about_case, names.get(row.about_case), since, str(row.message_id))


def outbox_waits(tx: Connection, check_day: CheckDay, code: str) -> Iterator[Finding]:
    """A message that could be sent and has waited for five minutes. Parked messages are left out."""
    waiting = select(*outbox.c["message_id", "case_id", "created_at"]).where(waits_too_long(check_day.now))
    rows = tx.execute(waiting.order_by(outbox.c.created_at, outbox.c.case_id, outbox.c.seq).limit(MAX_FINDINGS)).all()
    names = _references(tx, [row.case_id for row in rows])
    for row in rows:
        yield Finding(code, row.case_id, names.get(row.case_id), oslo_date(row.created_at), str(row.message_id))


# --- projections against events -----------------------------------------------------------------------------


def row_unlike_replay(tx: Connection, check_day: CheckDay, code: str) -> Iterator[Finding]:
    """A projection that differs from the fold of its events.

    Checks every case once in `REPLAY_NIGHTS` nights, by the end of its id, and those changed since yesterday.
    """
    digits = func.lower(func.substr(func.replace(cast(case_file.c.case_id, String), "-", ""), 31, 2))
    turn = [f"{n:02x}" for n in range(check_day.day.toordinal() % REPLAY_NIGHTS, 256, REPLAY_NIGHTS)]
    changed = exists().where(C.case_id == case_file.c.case_id, C.updated_at >= check_day.starts_at - timedelta(days=1))
    query = select(case_file.c.case_id).where(or_(digits.in_(turn), changed)).order_by(case_file.c.case_id)
    ids = list(tx.scalars(query))
    for place in range(0, len(ids), rebuild.BATCH):
        differences = rebuild.differences(tx, ids[place : place + rebuild.BATCH])
        names = _references(tx, [difference.case_id for difference in differences])
        yield from (
            Finding(code, difference.case_id, names.get(difference.case_id), None, difference.column)
            for difference in differences
        )


# --- the access log of the day before -----------------------------------------------------------------------


def access_of_other_office(tx: Connection, check_day: CheckDay, code: str) -> Iterator[Finding]:
    """A case that an office opened which neither has it, nor is to have it, nor gave it away lately."""
    return _of_readers(check_day, code, unusual_access.of_another_office(tx, check_day.before))


def access_without_task(tx: Connection, check_day: CheckDay, code: str) -> Iterator[Finding]:
    """A case that a coordinator opened who has no task in it."""
    return _of_readers(check_day, code, unusual_access.without_a_task(tx, check_day.before))


def _of_readers(check_day: CheckDay, code: str, rows: Iterator[tuple[Any, str]]) -> Iterator[Finding]:
    return (Finding(code, row.case_id, row.reference, check_day.before, subject) for row, subject in rows)


def access_to_many_persons(tx: Connection, check_day: CheckDay, code: str) -> Iterator[Finding]:
    """A member of staff who opened the data of very many persons in a day."""
    readers = unusual_access.of_very_many_persons(tx, check_day.before)
    return (Finding(code, None, None, check_day.before, subject) for subject, _ in readers)


def emergency_access_unreviewed(tx: Connection, check_day: CheckDay, code: str) -> Iterator[Finding]:
    """An emergency access that nobody has reviewed in time."""
    unreviewed = unusual_access.unreviewed_emergencies(tx, check_day.day)
    return (Finding(code, late.case_id, late.reference, late.review_by, late.subject) for late in unreviewed)


# --- hash chains --------------------------------------------------------------------------------------------


def chain_broken(tx: Connection, check_day: CheckDay, code: str) -> Iterator[Finding]:
    """A row of a hash chain that is not as it was written, or a seal that does not follow from its heads.

    Verifies what has been written since the last seal, and every stream once in `chain_verification.NIGHTS` nights.
    What an earlier verification found stays until a verification of everything no longer has it.
    """
    new = chain_verification.verify_part(tx, check_day.day).findings
    bad = list(dict.fromkeys([*new, *chain_seals.open_findings(tx)]))[:MAX_FINDINGS]
    names = _references(tx, _case_ids(bad))
    by_stream = {str(case_id): case_id for case_id in names}
    for finding in bad:
        case_id = by_stream.get(finding.stream)
        yield Finding(code, case_id, names[case_id] if case_id else None, None, str(finding))


def _case_ids(bad: Sequence[AuditFinding]) -> list[UUID]:
    with_id = (finding.stream for finding in bad if finding.table == event.name)
    return [UUID(stream) for stream in with_id if re.fullmatch(r"[0-9a-f-]{36}", stream)]


CHECKERS: tuple[Checker, ...] = tuple(
    Checker(finds.__name__, finds)
    for finds in (
        no_open_step,
        wait_without_party,
        overdue_without_alert,
        assigned_to_inactive,
        measure_without_outcome,
        past_maximum_duration,
        guardian_step_at_18,
        two_open_on_one_decision,
        superseded_but_unmoved,
        outbox_waits,
        closed_with_alert,
        row_unlike_replay,
        access_of_other_office,
        access_without_task,
        access_to_many_persons,
        emergency_access_unreviewed,
        chain_broken,
    )
)
"""Every checker, in the order of the sections of `docs/operations.md`."""


# --- queries ------------------------------------------------------------------------------------------------


def _cases(*more: Any) -> Select[Any]:
    return select(C.case_id, C.reference, C.updated_at, *more).limit(MAX_FINDINGS)


def _open(*more: Any) -> Select[Any]:
    return _cases(*more).where(C.closed_on.is_(None))


def _finding(row: Any, code: str, since: date | None, about: str | None = None) -> Finding:
    return Finding(code, row.case_id, row.reference, since, about)


def _candidates(tx: Connection, query: Select[Any]) -> Iterator[tuple[Any, Case | None]]:
    """The rows, each with its folded case; None if it cannot be folded, which `row_unlike_replay` reports."""
    for row in tx.execute(query).all():
        yield row, _folded_case(tx, row.case_id)


def _folded_case(tx: Connection, case_id: UUID) -> Case | None:
    try:
        stored = journal.load(tx, case_id)
        return replayed(stored) if stored else None
    except (IllegalHistory, ValueError):  # ValueError: an unknown code
        return None


def _event_count(kind: EventType) -> Any:
    count_query = select(func.count()).where(event.c.case_id == C.case_id, event.c.type == kind)
    return count_query.correlate(case_current).scalar_subquery()


def _newest_case(lower: Any, older: Any) -> Any:
    newest = (
        select(lower.c.case_id).where(older, lower.c.case_id.is_not(None)).order_by(lower.c.version.desc()).limit(1)
    )
    return newest.correlate(decision).scalar_subquery()


def _references(tx: Connection, case_ids: Sequence[UUID]) -> dict[UUID, str]:
    query = select(case_file.c.case_id, case_file.c.reference).where(case_file.c.case_id.in_(list(case_ids)))
    return {row.case_id: row.reference for row in tx.execute(query)}
