"""The workflow once more, written plainly from its published description, to be compared with the product.

It answers two questions: may this event be recorded now, and where does the case stand afterwards. It is naive on
purpose: nothing is kept but what was recorded and the states passed through, and every rule looks through that list.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, NamedTuple

from tests.model.dates import add_months, after, dates_fit, moved, read, regime
from tests.model.measures import listed, no_heavier, runs, standing

# --- words ------------------------------------------------------------------------------------------------------

SANCTIONS = ("youth_sanction", "youth_follow_up")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PRE_DECISION = _words("investigation assessment awaiting_decision in_court")
PLAN = _words("received preparing interim_conditions postponed")
EXEC = _words("executing electronic_control breach_talk tightened")
BREACH = _words("interrupted referred breach_in_court resumption_review term_expired")
CLOSED = _words("completed converted breach_closed consent_withdrawn no_plan other_decision lapsed")
OPEN = PRE_DECISION | PLAN | EXEC | BREACH | _words("registered judged appealed final dispatched")
INTERIM = _words("interim_conditions")

TRANSFER = ("transfer_decided", "transfer_accepted", "transfer_declined")

# --- the table of moves -----------------------------------------------------------------------------------------

ALL = (0, 1, 2)
Scope = dict[str, tuple[int, ...]]
BOTH: Scope = {"youth_sanction": ALL, "youth_follow_up": ALL}
S: Scope = {"youth_sanction": ALL}
F: Scope = {"youth_follow_up": ALL}
COURT: Scope = {"youth_sanction": ALL, "youth_follow_up": (0,)}
CONSENT: Scope = {"youth_sanction": (0,), "youth_follow_up": ALL}
S_LATER: Scope = {"youth_sanction": (1, 2)}
S_R2: Scope = {"youth_sanction": (2,)}
F_R0: Scope = {"youth_follow_up": (0,)}
BOTH_R0: Scope = {"youth_sanction": (0,), "youth_follow_up": (0,)}
BOTH_LATER: Scope = {"youth_sanction": (1, 2), "youth_follow_up": (1, 2)}

HERE = ""  # as a target: the case stays where it is
OWN = "?"  # as a target: `_own_target` says where

EARLY = _words("final dispatched received preparing postponed")
"""Where a case stands whose judgment is executed before it is final."""
STOPPED = EARLY | _words("in_court judged appealed")
STARTED = EXEC | _words("interrupted")
BREACH_FROM = EXEC | INTERIM

ROWS: list[tuple[str, frozenset[str], str, Scope]] = [
    ("suspect_set", _words("registered"), "investigation", BOTH),
    ("coordination_requested", _words("investigation"), "assessment", BOTH),
    ("investigation_closed", _words("investigation assessment"), "awaiting_decision", BOTH),
    ("transferred_to_follow_up", _words("awaiting_decision assessment"), "final", F),
    ("indicted", _words("awaiting_decision assessment investigation"), "in_court", COURT),
    ("judgment_given", _words("in_court"), "judged", S),
    ("follow_up_by_judgment", _words("in_court"), "judged", F_R0),
    ("appealed", _words("judged"), "appealed", COURT),
    ("appealed", INTERIM | EARLY, "appealed", S),
    ("early_execution_allowed", _words("judged"), "final", S),
    ("appeal_decided", _words("appealed"), OWN, COURT),
    ("became_final", _words("judged"), "final", COURT),
    ("dispatched", _words("final"), "dispatched", BOTH),
    ("received", _words("final dispatched"), "received", BOTH),
    ("assigned", _words("received"), "preparing", BOTH),
    ("became_final", INTERIM, HERE, S_R2),
    ("dispatched", INTERIM, HERE, S_R2),
    ("received", INTERIM, HERE, S_R2),
    ("assigned", INTERIM, HERE, S_R2),
    (
        "interim_conditions_started",
        _words("judged final dispatched received preparing"),
        "interim_conditions",
        S_R2,
    ),
    ("postponed", _words("received preparing"), "postponed", BOTH),
    ("postponement_ended", _words("postponed"), "preparing", BOTH),
    ("plan_meeting_held", _words("preparing interim_conditions"), "executing", BOTH_LATER),
    ("plan_meeting_held", _words("tightened"), "executing", S_R2),
    ("plan_signed", _words("preparing"), "executing", BOTH_R0),
    ("plan_failed", _words("preparing interim_conditions"), "no_plan", BOTH),
    ("consent_withdrawn", STARTED | _words("received preparing postponed"), "consent_withdrawn", CONSENT),
    ("breach_talk_ordered", BREACH_FROM - _words("breach_talk"), "breach_talk", BOTH),
    ("breach_talk_held", _words("breach_talk"), OWN, BOTH),
    ("breach_conditions_lifted", _words("tightened"), "executing", BOTH),
    ("interrupted", BREACH_FROM | _words("referred"), "interrupted", BOTH),
    ("resumed", _words("interrupted"), "executing", BOTH),
    ("replan_meeting_held", BREACH_FROM | _words("interrupted"), "executing", BOTH),
    ("referred_for_breach", BREACH_FROM | _words("interrupted"), "referred", S),
    ("petition_sent", BREACH_FROM | _words("referred interrupted term_expired"), "breach_in_court", S),
    ("petition_declined", _words("referred"), "executing", S),
    ("electronic_control_ordered", _words("breach_in_court"), "electronic_control", S_LATER),
    ("electronic_control_ended", _words("electronic_control"), "executing", S_LATER),
    ("petition_rejected", _words("breach_in_court"), "executing", S),
    ("conversion_final", _words("breach_in_court"), OWN, S),
    ("referred_for_resumption", STARTED, "resumption_review", F),
    ("prosecution_resumed", _words("resumption_review interrupted term_expired"), "breach_closed", F),
    ("prosecution_not_resumed", _words("resumption_review"), "executing", F),
    ("prosecution_not_resumed", _words("term_expired"), "completed", F),
    (
        "closed_after_new_offence",
        STARTED | PLAN | _words("breach_in_court referred resumption_review"),
        "breach_closed",
        BOTH,
    ),
    ("decision_set_aside", EXEC | BREACH | PLAN | _words("final dispatched"), "other_decision", BOTH),
    ("completed", EXEC, "completed", BOTH),
    (
        "term_expired",
        _words("referred breach_in_court resumption_review interrupted"),
        "term_expired",
        BOTH,
    ),
    ("window_closed", _words("term_expired"), OWN, S),
    ("other_outcome", PRE_DECISION | INTERIM | _words("registered judged appealed"), "other_decision", BOTH),
    ("lapsed", OPEN, "lapsed", BOTH),
    ("reopened", CLOSED, OWN, BOTH),
]

BY_DECISION = _words(
    "transferred_to_follow_up indicted judgment_given follow_up_by_judgment appealed appeal_decided became_final "
    "early_execution_allowed dispatched received assigned interim_conditions_started consent_withdrawn"
)
"""Moves under the regime of the decision; everything else follows the day of the step."""

MOVES = frozenset(row[0] for row in ROWS) | {"case_registered"}

# --- the facts --------------------------------------------------------------------------------------------------

_PLAN_EXEC = PLAN | EXEC
_RUNNING = PLAN | EXEC | BREACH
_CONTROLLED = INTERIM | EXEC
_COMPLAINTS = _RUNNING | _words("final dispatched")

VERSION = "2026-11-30"
"""The version of the table that this model knows."""

FACTS: dict[str, tuple[frozenset[str], Scope]] = {
    "offence_added": (PRE_DECISION | _words("registered"), BOTH),
    "charged": (PRE_DECISION, BOTH),
    "note_added": (OPEN | CLOSED, BOTH),
    "transfer_decided": (_RUNNING, BOTH),
    "transfer_accepted": (_RUNNING, BOTH),
    "transfer_declined": (_RUNNING, BOTH),
    "execution_regime_pinned": (OPEN, BOTH),
    "rules_migrated": (OPEN, BOTH),
    "reopening_approved": (CLOSED, BOTH),
    "pum_ordered": (PRE_DECISION, BOTH),
    "pum_returned": (PRE_DECISION | _words("judged"), BOTH),
    "coordination_meeting_held": (EXEC | _words("assessment awaiting_decision in_court"), BOTH),
    "consent_given": (PRE_DECISION | _COMPLAINTS, BOTH),
    "consent_refused": (PRE_DECISION, BOTH),
    "consent_revoked": (PRE_DECISION, BOTH),
    "sharing_consent_given": (OPEN, BOTH),
    "sharing_consent_withdrawn": (OPEN, BOTH),
    "hearing_scheduled": (_words("in_court"), BOTH),
    "hearing_started": (_words("in_court"), BOTH),
    "judgment_served": (_words("judged appealed interim_conditions"), BOTH),
    "appeal_referred": (_words("appealed"), BOTH),
    "appeal_hearing_started": (_words("appealed"), BOTH),
    "became_final": (EARLY | EXEC | BREACH, S),
    "assigned": (EXEC | BREACH | _words("preparing postponed"), BOTH),
    "first_contact": (PLAN, BOTH),
    "team_member_joined": (_RUNNING, BOTH),
    "team_member_left": (_RUNNING | _words("in_court judged appealed final dispatched"), BOTH),
    "youth_conference_held": (_words("preparing"), BOTH_R0),
    "plan_approved": (EXEC, BOTH),
    "plan_signed": (EXEC, BOTH_LATER),
    "plan_changed": (EXEC, BOTH),
    "measure_requested": (_PLAN_EXEC, BOTH),
    "measure_answered": (_PLAN_EXEC, BOTH),
    "measure_started": (_CONTROLLED, BOTH),
    "measure_attended": (_CONTROLLED | BREACH, BOTH),
    "measure_ended": (_CONTROLLED | BREACH | STOPPED, BOTH),
    "victim_invited": (_PLAN_EXEC, BOTH),
    "victim_accepted": (_PLAN_EXEC, BOTH),
    "victim_declined": (_PLAN_EXEC, BOTH),
    "victim_withdrew": (_PLAN_EXEC, BOTH),
    "restorative_meeting_held": (_PLAN_EXEC, BOTH),
    "other_restorative_process_held": (_PLAN_EXEC, BOTH),
    "team_meeting_held": (_CONTROLLED | BREACH, BOTH),
    "drug_test_held": (_CONTROLLED, BOTH),
    "drug_ban_imposed": (_CONTROLLED, BOTH_LATER),
    "drug_ban_lifted": (_CONTROLLED | BREACH, BOTH_LATER),
    "stay_abroad_permitted": (_CONTROLLED, BOTH),
    "stay_abroad_refused": (_CONTROLLED, BOTH),
    "survey_answered": (_RUNNING | CLOSED, BOTH),
    "breach_recorded": (_CONTROLLED | BREACH, BOTH),
    "electronic_control_ended": (_words("breach_talk tightened referred breach_in_court interrupted"), S_LATER),
    "breach_talk_missed": (_words("breach_talk"), BOTH),
    "fetch_requested": (_words("breach_talk"), S_LATER),
    "youth_heard": (_RUNNING, BOTH),
    "new_offence_recorded": (_RUNNING, BOTH),
    "complaint_filed": (_COMPLAINTS, BOTH),
    "complaint_decided": (_COMPLAINTS | CLOSED, BOTH),
    "wait_started": (OPEN, BOTH),
    "wait_ended": (OPEN, BOTH),
}

ENDS = _words("measure_ended wait_ended electronic_control_ended team_member_left")
"""What a closing ends: the system records it in the closed case."""

DECISIONS: dict[str, frozenset[str]] = {
    "transfer_to_follow_up": _words("transferred_to_follow_up"),
    "plan": _words("plan_approved"),
    "plan_change": _words("plan_changed"),
    "drug_ban": _words("drug_ban_imposed"),
    "breach_conditions": _words("breach_talk_held"),
    "interruption": _words("interrupted"),
    "postponement": _words("postponed"),
    "stay_abroad": _words("stay_abroad_permitted stay_abroad_refused"),
}
"""What can be complained about, and the events that decide it."""

# --- the case ---------------------------------------------------------------------------------------------------


class Entry(NamedTuple):
    """Something recorded: what, when it happened, by whom and on which day it was recorded."""

    type: str
    on: date
    details: dict[str, Any]
    recorder: tuple[str, str]
    today: date


class Stay(NamedTuple):
    """A state entered on a day; `stops`: the clock of execution stands still in it."""

    state: str
    since: date
    stops: bool


class Model:
    """One case."""

    def __init__(self, sanction: str, born: date, guardians: int) -> None:
        self.sanction = sanction
        self.born = born
        self.guardians = guardians
        self.log: list[Entry] = []  # all that was accepted, numbered from 1
        self.fixes: dict[int, Entry | None] = {}  # number in the log → what it should have said, or nothing
        self.numbers: list[int] = []  # of each entry in the history, its number in the log
        self.history: list[Entry] = []  # what counts: the log with its corrections carried out
        self.stays: list[Stay] = []
        self.left: dict[int, Entry] = {}  # place among the stays → the resumption that ended it
        self.before = ""  # the state in which the case was closed
        self.closing = 0  # how much had been recorded when it was closed

    @property
    def accepted(self) -> list[tuple[str, date, dict[str, Any], tuple[str, str]]]:
        """All that was accepted: type, day, details, (role, subject)."""
        return [entry[:4] for entry in self.log]

    @property
    def state(self) -> str:
        """Where the case stands; empty before it is registered."""
        return self.stays[-1].state if self.stays else ""

    @property
    def entered(self) -> date:
        """The day of the last move, also of one that led back to the same state: no move is dated before it."""
        return self.stays[-1].since

    @property
    def registered_on(self) -> date:
        return self.stays[0].since

    # --- the two questions ---

    def accepts(
        self, type: str, occurred_on: date, details: dict[str, Any], today: date, role: str, subject: str
    ) -> bool:
        """Whether it may be recorded. Who may record a move says `permitted`; only reopening looks at it here."""
        return not self.refusal(Entry(type, occurred_on, details, (role, subject), today))

    def apply(
        self, type: str, occurred_on: date, details: dict[str, Any], today: date, role: str, subject: str
    ) -> None:
        """Record it; it must have been accepted."""
        entry = Entry(type, occurred_on, details, (role, subject), today)
        if type == "corrected":
            self._correct(entry)
        else:
            self._record(entry, len(self.log) + 1)
        self.log.append(entry)

    def refusal(self, entry: Entry) -> str:
        """Which rule stands against it; empty: none."""
        if entry.on > entry.today:
            return "future"
        if not self.stays or entry.type == "case_registered":
            fits = not self.stays and _registrable(self, entry) and dates_fit(entry, self.born)
            return "" if fits else "registration"
        if entry.on < self.registered_on:
            return "before registration"
        if entry.type == "corrected":
            return "" if self._corrected(entry) else "correction"
        return self._refusal_here(entry) if dates_fit(entry, self.born) else "a date in the details"

    def _refusal_here(self, entry: Entry) -> str:
        if self.target_of(entry) is not None:
            if entry.on < self.entered:
                return "before the state was entered"
            guard = MOVE_GUARDS.get(entry.type)
            return "" if guard is None or guard(self, entry) else "guard of the move"
        if not self._is_fact(entry):
            return "not open here"
        if self._only_the_closing(entry) and entry.recorder[0] != "system":
            return "the case is closed"
        guard = FACT_GUARDS.get(entry.type)
        return "" if guard is None or guard(self, entry) else "guard of the fact"

    # --- the table read ---

    def target_of(self, entry: Entry) -> str | None:
        """Where the table sends a move of this type; none: no row is open, or it is a fact of an earlier day."""
        if self.stays and self.registered_on <= entry.on < self.entered and self._is_fact(entry):
            return None
        for sources, target, scope in ROWS_OF.get(entry.type, ()):
            if entry.type == "assigned" and self.state in INTERIM and self.assigned():
                continue
            early = entry.type == "appealed" and self.state in EARLY
            if self.state in sources and self._in_scope(scope, entry) and (not early or self.early()):
                return target
        return None

    def _is_fact(self, entry: Entry) -> bool:
        if entry.type not in FACTS:
            return False
        if entry.type == "became_final" and not self.early():
            return False
        states, scope = FACTS[entry.type]
        states |= INTERIM if entry.type == "assigned" and self.assigned() else frozenset()
        states |= CLOSED if entry.type in ENDS else frozenset()
        return bool(states & self.states_on(entry.on)) and self._in_scope(scope, entry)

    def _only_the_closing(self, entry: Entry) -> bool:
        return entry.type in ENDS and not FACTS[entry.type][0] & self.states_on(entry.on)

    def early(self) -> bool:
        """Whether the judgment is executed and not final."""
        entry = self.last("early_execution_allowed", "became_final", "appealed")
        return entry is not None and entry.type == "early_execution_allowed"

    def assigned(self) -> bool:
        """Whether the office that has the case has a coordinator for it."""
        entry = self.last("assigned", "transfer_accepted")
        return entry is not None and entry.type == "assigned"

    def ended(self) -> list[int]:
        """The numbers of what the system ended since the case was closed."""
        since = list(zip(self.numbers, self.history, strict=True))[self.closing :]
        return [n for n, e in since if e.type in ENDS and e.recorder[0] == "system"]

    def control_runs(self) -> bool:
        entry = self.last("electronic_control_ordered", "electronic_control_ended")
        return entry is not None and entry.type == "electronic_control_ordered"

    def states_on(self, day: date) -> set[str]:
        """Every state it was in on that day: a fact is judged by the day it happened."""
        until = [stay.since for stay in self.stays[1:]] + [date.max]
        return {stay.state for stay, over in zip(self.stays, until, strict=True) if stay.since <= day <= over}

    def _in_scope(self, scope: Scope, entry: Entry) -> bool:
        regimes = scope.get(self.sanction, ())
        return len(regimes) == len(ALL) or (bool(regimes) and self.regime_of(entry.type, entry.on) in regimes)

    def regime_of(self, type: str, day: date) -> int:
        return self.decision_regime(day) if type in BY_DECISION else self.step_regime(day)

    def decision_regime(self, day: date) -> int:
        decision = self.decision()
        if decision and self.ever("follow_up_by_judgment"):  # only R0 knows it; a changed judgment stays under R0
            return 0
        return regime(decision[0] if decision else day)

    def step_regime(self, day: date) -> int:
        pins = [e for e in self.history if e.type == "execution_regime_pinned" and e.on <= day]
        return int(pins[-1].details["regime"][1]) if pins else regime(day)

    # --- recording ---

    def _record(self, entry: Entry, number: int) -> None:
        target = "registered" if entry.type == "case_registered" else self.target_of(entry)
        self.history.append(entry)
        self.numbers.append(number)
        if target is None:
            return
        state = _own_target(self, entry) if target == OWN else self.state if target == HERE else target
        if state == "executing" and entry.type != "reopened":
            state = self._where_executing()
        goes_on = self.state == "interim_conditions" and bool(entry.details.get("conditions_continue"))
        if entry.type == "resumed":
            self.left[len(self.stays) - 1] = entry
        if state in CLOSED:
            self.before, self.closing = self.state, len(self.history)
        stops = self.stays[-2].stops if entry.type == "reopened" else self._stops(state) and not goes_on
        self.stays.append(Stay(state, entry.on, stops))

    def _where_executing(self) -> str:
        if self.control_runs():
            return "electronic_control"
        return "executing" if self.plan_made() else "interim_conditions"

    def _stops(self, state: str) -> bool:
        if state == "breach_in_court":
            petition = self.last("petition_sent")
            return petition is not None and petition.details["for"] != "electronic_control"
        return state == "interrupted" or (state in STOPPED and self.started_on() is not None)

    def _corrected(self, entry: Entry) -> "Model | None":
        """The case as the correction leaves it; none: what is left would not have been accepted."""
        number = entry.details["corrects"]
        if not 1 <= number <= len(self.log) or number in self.fixes:
            return None
        old, new = self.log[number - 1], entry.details.get("replacement")
        if old.type == "corrected":
            return None
        fixed = None
        if new is not None:
            fixed = Entry(new["type"], read(new["occurred_on"]), new["details"], old.recorder, entry.today)
        return self._replayed(self.fixes | {number: fixed})

    def _replayed(self, fixes: dict[int, Entry | None]) -> "Model | None":
        fresh = Model(self.sanction, self.born, self.guardians)
        fresh.fixes = fixes
        for number, recorded in enumerate(self.log, 1):
            entry = fixes.get(number, recorded)
            if entry is None or entry.type == "corrected":
                continue
            if fresh.refusal(entry):
                return None
            fresh._record(entry, number)
        return fresh if fresh.stays else None

    def _correct(self, entry: Entry) -> None:
        fresh = self._corrected(entry)
        if fresh is not None:
            self.fixes, self.history, self.stays = fresh.fixes, fresh.history, fresh.stays
            self.left, self.numbers = fresh.left, fresh.numbers
            self.before, self.closing = fresh.before, fresh.closing

    # --- looking back ---

    def last(self, *types: str) -> Entry | None:
        for entry in reversed(self.history):
            if entry.type in types:
                return entry
        return None

    def first(self, *types: str) -> Entry | None:
        for entry in self.history:
            if entry.type in types:
                return entry
        return None

    def count(self, type: str) -> int:
        return sum(entry.type == type for entry in self.history)

    def ever(self, type: str) -> bool:
        return self.last(type) is not None

    def team(self) -> dict[str, date]:
        """Who is on the team, and since when."""
        found: dict[str, date] = {}
        for entry in self.history:
            if entry.type == "team_member_joined":
                found[entry.details["member"]] = entry.on
            elif entry.type == "team_member_left":
                found.pop(entry.details["member"], None)
        return found

    def had(self, type: str, measure: str) -> bool:
        return any(entry.type == type and entry.details["measure"] == measure for entry in self.history)

    def decision(self) -> tuple[date, dict[str, Any]] | None:
        """The day and the terms of the latest judgment, transfer or appeal decision with new terms."""
        for entry in reversed(self.history):
            if entry.type in {"judgment_given", "follow_up_by_judgment", "transferred_to_follow_up"}:
                return entry.on, entry.details
            if entry.type == "appeal_decided" and entry.details["outcome"] == "changed":
                return entry.on, entry.details["terms"]
            if entry.type == "appeal_decided" and entry.details["outcome"] == "sent_back":
                return None
        return None

    def minor(self, day: date) -> bool:
        return day < add_months(self.born, 18 * 12)

    def needs_guardian(self, day: date) -> bool:
        return self.guardians > 0 and self.minor(day)

    def at_15_to_17(self, day: date) -> bool:
        return add_months(self.born, 15 * 12) <= day and self.minor(day)

    def offences(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for entry in self.history:
            if entry.type == "case_registered":
                found += entry.details["offences"]
            elif entry.type == "offence_added":
                found.append(entry.details["offence"])
        return found

    def consented(self, day: date) -> bool:
        """Whether the youth and, while under 18, every guardian has consented and not gone back on it."""
        youth, guardians = self._consents()
        return youth and (not self.minor(day) or guardians >= self.guardians)

    def consents_hold(self, day: date) -> bool:
        """Whether enough of the consents given have neither run out nor been explained only afterwards."""
        youth, guardians = self._consents(day)
        return youth and (not self.minor(day) or guardians >= self.guardians)

    def anybody_consents(self) -> bool:
        """Whether there is a consent that can be taken back."""
        youth, guardians = self._consents()
        return youth or guardians > 0

    def _consents(self, held_on: date | None = None) -> tuple[bool, int]:
        youth, named, unnamed = False, set[str](), 0
        for entry in self.history:
            if entry.type not in {"consent_given", "consent_refused", "consent_revoked"}:
                continue
            given, name = entry.type == "consent_given", entry.details.get("guardian")
            if given and name is None and entry.details["by"] == "guardian" and self.guardians == 1:
                name = "g1"
            given = given and (held_on is None or _holds(entry, held_on))
            if name is None and entry.type == "consent_given" and not given and entry.details["by"] == "guardian":
                continue
            if entry.details["by"] == "youth":
                youth = given
            elif name is None:
                named, unnamed = (named, unnamed + 1) if given else (set(), 0)
            else:
                named = named | {name} if given else named - {name}
        return youth, len(named) + unnamed

    def plan_made(self) -> bool:
        """Whether the plan meeting was held or, in R0, the plan signed."""
        return self.last("plan_meeting_held", "plan_signed") is not None

    def appeal_deadline(self) -> date | None:
        """Two weeks from service of the latest judgment; none: not served, as far as known."""
        judged = self.judgment()
        if judged is None:
            return None
        services = [e.on for e in self.history if e.type == "judgment_served" and not e.on < judged.on]
        told = judged.details.get("served_on")
        served = max(services) if services else read(told) if told else None
        return moved(served + timedelta(weeks=2)) if served else None

    def judgment(self) -> Entry | None:
        """The last one; an appeal that was given up leaves the one it was about."""
        kinds = {"judgment_given", "follow_up_by_judgment", "appeal_decided"}
        found = [e for e in self.history if e.type in kinds and e.details.get("outcome") != "withdrawn"]
        return found[-1] if found else None

    def given_up(self) -> bool:
        entry = self.last("appealed", "appeal_decided")
        return entry is not None and entry.details.get("outcome") == "withdrawn"

    # --- the term ---

    def started_on(self) -> date | None:
        entry = self.first("interim_conditions_started", "plan_meeting_held", "plan_signed")
        return entry.on if entry else None

    def stopped_days(self, day: date, end: date) -> int:
        """Days the clock stood still before the term ended; a stop that is not over counts up to that day."""
        total, still = 0, False
        until = [stay.since for stay in self.stays[1:]] + [day]
        for place, (stay, over) in enumerate(zip(self._counted(), until, strict=True)):
            if stay.state not in CLOSED:
                still = stay.stops
            elif place == len(self.stays) - 1:
                still = False  # closed for good: nothing is moved any more
            if still and stay.since < end + timedelta(days=total):
                total += max((over - stay.since).days, 0)
        return total

    def _counted(self) -> list[Stay]:
        """The stays, those left because a complaint over the interruption was upheld as if it had never been."""
        fell = {on for on, entry in self.left.items() if entry.details.get("reason") == "complaint_upheld"}
        for place in range(len(self.stays) - 1, 0, -1):
            if place in fell and self.stays[place - 1].state in CLOSED:  # closed and reopened: the same interruption
                fell.add(place - 2)
        return [stay._replace(stops=stay.stops and place not in fell) for place, stay in enumerate(self.stays)]

    def adjusted_end(self, day: date) -> date | None:
        """The end of the term as it looks on that day; none: not started."""
        start, decision = self.started_on(), self.decision()
        if start is None or decision is None:
            return None
        end = after(start, decision[1]["length"])
        return end + timedelta(days=self.stopped_days(day, end))

    def window_end(self, day: date) -> date | None:
        """The last day on which a petition may reach the court."""
        end = self.adjusted_end(day)
        return moved(add_months(end, 3)) if end else None

    # --- breach, complaints, waits, office ---

    def new_breach(self) -> bool:
        """A breach of a later day than the one on which a talk was first ordered."""
        ordered = self.first("breach_talk_ordered")
        breaches = [e for e in self.history if e.type in {"breach_recorded", "breach_talk_missed"}]
        return ordered is not None and any(entry.on > ordered.on for entry in breaches)

    def referral_open(self) -> bool:
        entry = self.last(
            "referred_for_breach",
            "petition_declined",
            "petition_rejected",
            "replan_meeting_held",
            "conversion_final",
        )
        return entry is not None and entry.type == "referred_for_breach"

    def open_complaints(self) -> list[str]:
        found: list[str] = []
        for entry in self.history:
            if entry.type == "complaint_filed":
                found.append(entry.details["about"])
            elif entry.type == "complaint_decided":
                found.remove(entry.details["about"])
        return found

    def complainable(self, about: str) -> list[Entry]:
        """The decisions of that kind that give a right to complain."""
        found = [entry for entry in self.history if entry.type in DECISIONS[about]]
        if about == "transfer_to_follow_up":
            return found
        if about == "interruption":
            found = [entry for entry in found if entry.details.get("decided_by", "coordinator") == "coordinator"]
        if about == "breach_conditions":
            found = [entry for entry in found if entry.details.get("conditions")]
        return [entry for entry in found if self.step_regime(entry.on) > 0]

    def complaints(self) -> list[tuple[Entry, Entry | None, Entry | None]]:
        """Each complaint with the decision it is about, and how it was decided."""
        found: list[tuple[Entry, Entry | None, Entry | None]] = []
        for place, entry in enumerate(self.history):
            if entry.type == "complaint_filed":
                before = self.history[:place]
                made = [one for one in self.complainable(entry.details["about"]) if one.on <= entry.on]
                made = [one for one in made if any(one is earlier for earlier in before)]
                found.append((entry, made[-1] if made else None, None))
            elif entry.type == "complaint_decided":
                about = entry.details["about"]
                open_ = [n for n, one in enumerate(found) if not one[2] and one[0].details["about"] == about]
                found[open_[0]] = (*found[open_[0]][:2], entry)
        return found

    def told(self, decision: Entry) -> date:
        notified = decision.details.get("notified_on")
        return read(notified) if notified else decision.on

    def _upheld(self, about: str) -> tuple[Entry | None, Entry] | None:
        """The complaint about that which was upheld last: the decision it was about, and that on the complaint."""
        upheld = [(one[1], one[2]) for one in self.complaints() if one[2] and one[2].details["outcome"] == "upheld"]
        return next((one for one in reversed(upheld) if one[1].details["about"] == about), None)

    def interruption_fell(self) -> bool:
        """Whether the interruption it stands in is the one a complaint was upheld over."""
        fell, stop = self._upheld("interruption"), self.last("interrupted")
        return fell is not None and fell[0] is stop

    def plan_fell(self) -> bool:
        fell = self._upheld("plan")
        if fell is None:
            return False
        after = self.history[[entry is fell[1] for entry in self.history].index(True) :]
        return not any(entry.type in {"plan_meeting_held", "replan_meeting_held"} for entry in after)

    def open_waits(self) -> list[str]:
        """The parties waited for, the one started last at the end."""
        found: list[str] = []
        for entry in self.history:
            if entry.type == "wait_started":
                found.append(entry.details["party"])
            elif entry.type == "wait_ended":
                party = entry.details.get("party") or found[-1]
                del found[len(found) - 1 - found[::-1].index(party)]
        return found

    def office(self) -> str:
        """The konfliktråd that has the case."""
        office, decided = "", ""
        for entry in self.history:
            if entry.type == "case_registered":
                office = entry.details["konfliktrad"]
            elif entry.type == "transfer_decided":
                decided = entry.details["to"]
            elif entry.type == "transfer_accepted":
                office = decided
        return str(office)

    def transfer_pending(self) -> bool:
        entry = self.last(*TRANSFER)
        return entry is not None and entry.type == "transfer_decided"

    def after_the_transfer_so_far(self, on: date) -> bool:
        entry = self.last(*TRANSFER)
        return entry is None or on >= entry.on

    def approvals(self) -> list[tuple[str, str]]:
        """Who has approved a reopening since the case was closed."""
        return [e.recorder for e in self.history[self.closing :] if e.type == "reopening_approved"]


def _holds(consent: Entry, day: date) -> bool:
    until, explained = consent.details.get("until"), consent.details.get("explained_on")
    return (until is None or day <= read(until)) and (explained is None or read(explained) <= consent.on)


ROWS_OF: dict[str, list[tuple[frozenset[str], str, Scope]]] = {}
for _type, _sources, _target, _scope in ROWS:
    ROWS_OF.setdefault(_type, []).append((_sources, _target, _scope))


def _own_target(m: Model, e: Entry) -> str:
    if e.type == "appeal_decided":
        return {"replaced": "other_decision", "sent_back": "in_court"}.get(e.details["outcome"], "judged")
    if e.type == "breach_talk_held":
        return "tightened" if e.details.get("conditions") else "executing"
    if e.type == "conversion_final":
        return "executing" if e.details.get("rest_continues") else "converted"
    if e.type == "reopened" and m.before == "electronic_control" and not m.control_runs():
        ended = [n for n, entry in zip(m.numbers, m.history, strict=True) if entry.type == "electronic_control_ended"]
        return m.before if not ended or ended[-1] in e.details.get("goes_on", []) else "executing"
    return str(e.details["outcome"]) if e.type == "window_closed" else m.before


# --- guards: the decision ---------------------------------------------------------------------------------------


def _last_day(offence: dict[str, Any]) -> date:
    return read(offence.get("until") or offence["on"])


def _registrable(m: Model, e: Entry) -> bool:
    if e.type != "case_registered":
        return False
    offences = e.details["offences"]
    return (
        e.details["sanction"] == m.sanction
        and bool(offences)
        and all(_last_day(offence) <= e.on for offence in offences)
    )


def _suspect(m: Model, _e: Entry) -> bool:
    return any(m.at_15_to_17(read(offence["on"])) for offence in m.offences())


def _follow_up_length(day: date, length: dict[str, Any]) -> bool:
    end = after(day, length)
    least = regime(day) == 0 or end >= day + timedelta(days=120)
    return least and end <= add_months(day, 12)


def _transfer(m: Model, e: Entry) -> bool:
    return m.consents_hold(e.on) and e.details["guilt_proven"] is True and _follow_up_length(e.on, e.details["length"])


def _sanction_length(day: date, terms: dict[str, Any]) -> bool:
    end = after(day, terms["length"])
    least = add_months(day, 6) if regime(day) == 0 else day + timedelta(days=120)
    most = add_months(day, 36 if terms.get("prison_would_exceed_two_years") else 24)
    return least <= end <= most


def _prison_with_it(day: date, terms: dict[str, Any]) -> bool:
    prison = terms.get("unconditional_prison")
    months = (None, 6, 15 * 12)[regime(day)]
    return prison is None or (months is not None and after(day, prison) <= add_months(day, months))


def _interim_terms(day: date, terms: dict[str, Any]) -> bool:
    return not terms.get("interim_conditions") or (regime(day) == 2 and terms.get("interim_from") is not None)


def _within_limits(day: date, terms: dict[str, Any]) -> bool:
    return _sanction_length(day, terms) and _prison_with_it(day, terms) and _interim_terms(day, terms)


def _offences_young_enough(m: Model, day: date, terms: dict[str, Any]) -> bool:
    days = [read(offence["on"]) for offence in m.offences()]
    outside = [on for on in days if not m.at_15_to_17(on)]
    if not outside:
        return True
    joint = regime(day) == 2 and bool(terms.get("later_offences_less_serious"))
    return joint and not any(m.minor(on) for on in outside) and 2 * len(outside) < len(days)


def _judgment(m: Model, e: Entry) -> bool:
    terms = e.details
    if regime(e.on) == 0:
        conditions = m.consents_hold(e.on) and bool(m.history[0].details.get("repeated_or_serious"))
    else:
        conditions = terms.get("suitable_reaction") is True
    return (
        conditions
        and terms.get("lives_in_norway") is True
        and terms.get("subsidiary_prison") is not None
        and _within_limits(e.on, terms)
        and _offences_young_enough(m, e.on, terms)
    )


def _follow_up_judgment(m: Model, e: Entry) -> bool:
    fits = e.details["suspended_sentence"] is True and _follow_up_length(e.on, e.details["length"])
    return fits and m.consents_hold(e.on)


def _appeal(m: Model, e: Entry) -> bool:
    if e.details.get("conditions_continue") and m.state != "interim_conditions":
        return False
    last = m.last("became_final", "judgment_given", "appeal_decided")
    if m.state == "interim_conditions" and last is not None and last.type == "became_final":
        return False
    deadline = m.appeal_deadline()
    return deadline is None or e.on <= deadline or e.details.get("reinstated") is not None


def _appeal_decision(m: Model, e: Entry) -> bool:
    terms = e.details.get("terms")
    if e.details["outcome"] != "changed" or terms is None:
        return e.details["outcome"] != "changed" and terms is None
    if m.sanction == "youth_follow_up":
        return _follow_up_length(e.on, terms["length"])
    found = terms.get("suitable_reaction") is not False and terms.get("lives_in_norway") is not False
    return found and terms.get("subsidiary_prison") is not None and _within_limits(e.on, terms)


def _finality(m: Model, e: Entry) -> bool:
    deadline, judged = m.appeal_deadline(), m.judgment()
    if judged is not None and e.on < judged.on:
        return False
    if deadline is None and e.details.get("set_by_prosecution") and judged is not None:
        deadline = moved(judged.on + timedelta(weeks=2))
    over = deadline is not None and e.on > deadline
    return _paper_trail(m, e) and (bool(e.details.get("accepted")) or m.given_up() or over)


def _paper_trail(m: Model, e: Entry) -> bool:
    """While interim conditions run: each once, and in order."""
    if m.state != "interim_conditions":
        return True
    if e.type == "became_final":  # what came before an appeal may have been recorded
        return not m.ever("became_final")
    order = ["became_final", "dispatched", "received", "assigned"]
    place = order.index(e.type)
    moved = m.last("transfer_accepted")
    if e.type == "assigned" and moved is not None:  # once in each office
        given = m.last("assigned", "transfer_accepted")
        return given is moved and m.ever("received")
    if any(m.ever(later) for later in order[place:]):
        return False
    needed = {"dispatched": order[:1], "received": order[:1], "assigned": order[2:3]}
    return all(m.ever(earlier) for earlier in needed[e.type])


# --- guards: the plan -------------------------------------------------------------------------------------------


def _interim_start(m: Model, e: Entry) -> bool:
    decision = m.decision()
    terms = decision[1] if decision else {}
    return bool(terms.get("interim_conditions")) and e.on >= read(terms["interim_from"])


def _plan_meeting(m: Model, e: Entry) -> bool:
    needed = {"youth"}
    needed |= {"guardian"} if m.needs_guardian(e.on) else set()
    needed |= {"correctional_service", "police"} if m.sanction == "youth_sanction" else set()
    first_and_received = m.state == "preparing" or (m.ever("received") and not m.plan_made())
    return needed <= set(e.details["present"]) and first_and_received


def _signing(m: Model, e: Entry) -> bool:
    needed = {"youth", "guardian"} if m.needs_guardian(e.on) else {"youth"}
    return m.ever("youth_conference_held") and needed <= set(e.details["by"])


def _recommendable(m: Model, day: date, what: str) -> bool:
    return what == "serve_prison" or m.step_regime(day) > 0


def _no_plan(m: Model, e: Entry) -> bool:
    if m.sanction == "youth_follow_up":
        return True
    what = e.details.get("recommendation")
    if not _heard(m, e, "plan_failure", ["received", "postponement_ended"]):
        return False
    return what is not None and what != "electronic_control" and _recommendable(m, e.on, what)


def _by_guardian_while_minor(m: Model, e: Entry) -> bool:
    return e.details["by"] == "youth" or m.minor(e.on)


# --- guards: breach ---------------------------------------------------------------------------------------------


def _interruption(m: Model, e: Entry) -> bool:
    reason = e.details["reason"]
    by_prosecution = e.details.get("decided_by", "coordinator") == "prosecution"
    if by_prosecution != (reason == "charged_with_new_offence"):
        return False
    needed: dict[str, Callable[[], bool]] = {
        "charged_with_new_offence": lambda: any(
            entry.type == "new_offence_recorded" and entry.details.get("charged_on") for entry in m.history
        ),
        "missed_talk": lambda: m.ever("breach_talk_missed"),
        "new_breach_after_talk": m.new_breach,
        "complaint": lambda: bool(m.open_complaints()),
    }
    missed = ["breach_talk_missed"]
    grounds = {"missed_talk": missed, "new_breach_after_talk": [*missed, "breach_recorded"]}
    grounds |= {"health": ["resumed"], "weighty_grounds": ["resumed"]}
    if reason in grounds and not _heard(m, e, "interruption", grounds[reason], talk=True):
        return False
    return reason not in needed or needed[reason]()


def _heard(m: Model, e: Entry, about: str, grounds: list[str], talk: bool = False) -> bool:
    """Heard by that day, after all that speaks for the step was known and had happened. Nobody asks in R0."""
    if m.step_regime(e.on) == 0:
        return True
    known, since = 0, date.min
    for place, entry in enumerate(m.history):
        if entry.type in grounds:
            known, since = place + 1, max(since, entry.on)
    return any(
        since <= entry.on <= e.on
        and (
            (entry.type == "youth_heard" and about in entry.details["about"])
            or (talk and entry.type == "breach_talk_held")
        )
        for entry in m.history[known:]
    )


def _both_consent(e: Entry) -> bool:
    return bool(e.details.get("consent_police")) and bool(e.details.get("consent_correctional_service"))


def _replan(m: Model, e: Entry) -> bool:
    if e.details.get("after_complaint") and m.state in {"executing", "tightened"} and m.step_regime(e.on) > 0:
        return m.plan_fell()
    if not _heard(m, e, "new_plan", ["breach_recorded", "breach_talk_missed"], talk=True):
        return False
    return m.new_breach() and (m.sanction == "youth_follow_up" or (m.plan_made() and _both_consent(e)))


def _referral(m: Model, e: Entry) -> bool:
    return (
        m.new_breach()
        and _heard(m, e, "referral", ["breach_recorded", "breach_talk_missed"], talk=True)
        and _both_consent(e)
        and (e.details["to"] == "correctional_service" or m.step_regime(e.on) == 2)
        and _recommendable(m, e.on, e.details["recommendation"])
    )


def _petition_in_time(m: Model, e: Entry) -> bool:
    last = m.adjusted_end(e.on) if e.details["for"] == "electronic_control" else m.window_end(e.on)
    return last is not None and e.on <= last


def _petition_for_breach(m: Model, e: Entry) -> bool:
    extension = m.state == "electronic_control" and e.details["for"] == "electronic_control"
    return extension or m.state == "term_expired" or m.referral_open()


def _petition(m: Model, e: Entry) -> bool:
    ground, by = e.details.get("ground", "breach"), e.details.get("by", "correctional_service")
    if ground == "breach":
        brought = by == "correctional_service" or m.step_regime(e.on) == 2
    else:
        brought = by == "prosecution" and m.ever("new_offence_recorded")
    return (
        brought
        and (ground == "new_offence" or _petition_for_breach(m, e))
        and _petition_in_time(m, e)
        and _recommendable(m, e.on, e.details["for"])
    )


def _control(m: Model, e: Entry) -> bool:
    until, end = read(e.details["until"]), m.adjusted_end(e.on)
    return end is not None and e.on <= until <= min(end, add_months(e.on, 6))


def _control_ended(m: Model, e: Entry) -> bool:
    ordered = m.last("electronic_control_ordered")
    return e.details["reason"] == "lifted" or (ordered is not None and e.on >= read(ordered.details["until"]))


def _conversion(m: Model, e: Entry) -> bool:
    return (e.details["to"] == "prison" or m.step_regime(e.on) > 0) and (
        not e.details.get("rest_continues") or e.details["extent"] == "part"
    )


def _resumption(m: Model, e: Entry) -> bool:
    ground = e.details.get("ground", "breach")
    breach = ground == "new_offence" or m.new_breach()
    grounds = [] if ground == "new_offence" else ["breach_recorded", "breach_talk_missed"]
    grounds += [] if ground == "breach" else ["new_offence_recorded"]
    spoke = e.recorder[0] == "prosecution" or _heard(m, e, "resumption", grounds, talk=ground != "new_offence")
    return spoke and breach and (ground == "breach" or m.ever("new_offence_recorded"))


def _resumed(m: Model, e: Entry) -> bool:
    return e.details["reason"] != "complaint_upheld" or m.interruption_fell()


# --- guards: the end --------------------------------------------------------------------------------------------


def _set_aside(m: Model, e: Entry) -> bool:
    complaint = e.details["reason"] == "complaint_upheld"
    return bool(complaint == m.ever("transferred_to_follow_up"))


def _end_reached(m: Model, e: Entry) -> bool:
    end = m.adjusted_end(e.on)
    return end is not None and e.on >= end


def _window_over(m: Model, e: Entry) -> bool:
    last = m.window_end(e.on)
    return last is not None and e.on > last


REOPENERS = ("leader", "secretariat")


def _says_what_goes_on(m: Model, e: Entry) -> bool:
    return sorted(e.details.get("goes_on", []) + e.details.get("stays_ended", [])) == m.ended()


def _reopening(m: Model, e: Entry) -> bool:
    role, subject = e.recorder
    approved = m.last("reopening_approved")
    if approved is not None and set(approved.details.get("goes_on", [])) != set(e.details.get("goes_on", [])):
        return False
    return (
        _says_what_goes_on(m, e)
        and role in REOPENERS
        and any(other != role and approver != subject for other, approver in m.approvals())
    )


Guard = Callable[[Model, Entry], bool]

MOVE_GUARDS: dict[str, Guard] = {
    "suspect_set": _suspect,
    "indicted": lambda _m, e: read(e.details["court_received_on"]) >= e.on,
    "transferred_to_follow_up": _transfer,
    "judgment_given": _judgment,
    "follow_up_by_judgment": _follow_up_judgment,
    "appealed": _appeal,
    "appeal_decided": _appeal_decision,
    "became_final": _finality,
    "early_execution_allowed": lambda m, e: (m.decision() or (e.on,))[0] <= read(e.details["requested_on"]) <= e.on,
    "other_outcome": lambda m, _e: m.state != "interim_conditions" or not m.plan_made(),
    "dispatched": _paper_trail,
    "received": _paper_trail,
    "assigned": _paper_trail,
    "interim_conditions_started": _interim_start,
    "plan_meeting_held": _plan_meeting,
    "plan_signed": _signing,
    "plan_failed": _no_plan,
    "consent_withdrawn": _by_guardian_while_minor,
    "breach_talk_ordered": lambda m, _e: m.ever("breach_recorded"),
    "breach_talk_held": lambda _m, e: e.details["consequences_explained"] is True,
    "interrupted": _interruption,
    "resumed": _resumed,
    "replan_meeting_held": _replan,
    "referred_for_breach": _referral,
    "petition_sent": _petition,
    "electronic_control_ordered": _control,
    "electronic_control_ended": _control_ended,
    "conversion_final": _conversion,
    "referred_for_resumption": _resumption,
    "closed_after_new_offence": lambda _m, e: read(e.details["decided_on"]) <= e.on,
    "decision_set_aside": _set_aside,
    "completed": _end_reached,
    "term_expired": _end_reached,
    "window_closed": _window_over,
    "reopened": _reopening,
}

# --- guards: the facts ------------------------------------------------------------------------------------------


def _transferable(m: Model, e: Entry) -> bool:
    return (
        e.details["parties_heard"] is True
        and read(e.details["prosecution_told_on"]) == e.on
        and e.details["to"] != m.office()
        and m.after_the_transfer_so_far(e.on)
    )


def _transfer_answered(m: Model, e: Entry) -> bool:
    return m.transfer_pending() and m.after_the_transfer_so_far(e.on)


def _hearing_after_referral(m: Model, _e: Entry) -> bool:
    entry = m.last("appealed", "appeal_referred")
    return entry is not None and entry.type == "appeal_referred"


def _plan_there(m: Model, _e: Entry) -> bool:
    return m.plan_made()


def _plan_list(m: Model, e: Entry) -> bool:
    named = [(one["measure"], one["code"]) for one in e.details.get("measures", [])]
    fits = listed(m.history, m.sanction, m.step_regime(e.on), named) and no_heavier(m.history, e)
    return m.plan_made() and fits


def _plan_changed(m: Model, e: Entry) -> bool:
    agreed = m.step_regime(e.on) > 0 or e.details.get("agreed") is True
    whole = bool(e.details.get("measures")) or not standing(m.history, e.on).measures
    return _plan_list(m, e) and agreed and whole and e.details["load"] in {"lower", "equal"}


def _measure(m: Model, e: Entry) -> bool:
    return listed(m.history, m.sanction, m.step_regime(e.on), [(e.details["measure"], e.details.get("code"))])


def _new_offence(m: Model, e: Entry) -> bool:
    on, end = read(e.details["offence_on"]), m.adjusted_end(e.on)
    charged = read(e.details.get("charged_on") or on.isoformat())
    of_age = on >= add_months(m.born, 15 * 12)
    return of_age and on <= charged <= max(e.today, on) and on <= e.on and (end is None or on <= end)


def _not_told_already(m: Model, e: Entry) -> bool:
    for known in (entry for entry in m.history if entry.type == "breach_recorded" and entry.on == e.on):
        named = [name for name in ("meeting", "test", "measure") if name in known.details and name in e.details]
        if (known.details[named[0]] == e.details[named[0]]) if named else known.details == e.details:
            return False
    return True


def _victims_are_willing(m: Model, e: Entry) -> bool:
    willing: set[int] = set()
    steps = [entry for entry in m.history if entry.type.startswith("victim_") and entry.on <= e.on]
    for entry in sorted(steps, key=lambda step: step.on):
        number = entry.details.get("victim", 1)
        willing = willing | {number} if entry.type == "victim_accepted" else willing
        willing = willing - {number} if entry.type in {"victim_declined", "victim_withdrew"} else willing
    return set(e.details.get("victims", [1])) <= willing


def _on_record(m: Model, e: Entry) -> bool:
    if e.details["by"] == "youth" or regime(e.on) == 0:
        return True
    name = e.details.get("guardian")
    known = [f"g{n + 1}" for n in range(m.guardians)]
    return not known or name in known or (name is None and m.guardians == 1)


def _complaint(m: Model, e: Entry) -> bool:
    made = any(entry.on <= e.on for entry in m.complainable(e.details["about"]))
    return made and (e.details["about"] == "transfer_to_follow_up" or m.step_regime(e.on) > 0)


def _complaint_decided(m: Model, e: Entry) -> bool:
    about, role = e.details["about"], e.recorder[0]
    if about not in m.open_complaints():
        return False
    if role != "system" and (role == "secretariat") == (about == "transfer_to_follow_up"):
        return False
    filed, decided = next(found for found in m.complaints() if found[0].details["about"] == about and not found[2])[:2]
    late = decided is not None and filed.on > moved(m.told(decided) + timedelta(weeks=3))
    return not late or e.details["outcome"] == "dismissed" or e.details.get("reinstated") is not None


def _wait(m: Model, e: Entry) -> bool:
    party = e.details["party"]
    before_start = m.states_on(e.on) & (PLAN | PRE_DECISION | _words("registered judged appealed final dispatched"))
    held_up_by_victim = party == "victim" and bool(before_start) and m.step_regime(e.on) > 0
    return party != "parties" and not held_up_by_victim


def _wait_over(m: Model, e: Entry) -> bool:
    waits, party = m.open_waits(), e.details.get("party")
    return bool(waits) if party is None else party in waits


def _joins(m: Model, e: Entry) -> bool:
    role = e.details.get("role")
    fits = role is None or e.details["agency"] in ROLE_FITS[role]
    return fits and e.details["member"] not in m.team()


def _shares(m: Model, e: Entry) -> bool:
    return _by_guardian_while_minor(m, e) and read(e.details.get("until") or e.on.isoformat()) >= e.on


BAN_GROUNDS = ["breach_recorded", "breach_talk_missed", "new_offence_recorded", "drug_ban_lifted"]

ROLE_FITS: dict[str, frozenset[str]] = {
    "police_contact": _words("police"),
    "teacher": _words("school"),
    "health_worker": _words("health"),
    "other": _words("konfliktrad prosecution school"),
}

FACT_GUARDS: dict[str, Guard] = {
    "offence_added": lambda _m, e: _last_day(e.details["offence"]) <= e.on,
    "transfer_decided": _transferable,
    "transfer_accepted": _transfer_answered,
    "transfer_declined": _transfer_answered,
    "reopening_approved": lambda m, e: e.recorder[0] in REOPENERS and _says_what_goes_on(m, e),
    "became_final": _finality,
    "electronic_control_ended": lambda m, e: m.control_runs() and (m.state in CLOSED or _control_ended(m, e)),
    "breach_recorded": _not_told_already,
    "restorative_meeting_held": _victims_are_willing,
    "assigned": lambda m, _e: m.ever("received"),
    "team_member_joined": _joins,
    "team_member_left": lambda m, e: e.on >= m.team().get(e.details["member"], date.max),
    "measure_answered": lambda m, e: m.had("measure_requested", e.details["measure"]),
    "measure_ended": lambda m, e: m.had("measure_started", e.details["measure"]),
    "drug_ban_lifted": lambda m, _e: (m.last("drug_ban_imposed", "drug_ban_lifted") or _e).type == "drug_ban_imposed",
    "pum_returned": lambda m, _e: m.count("pum_ordered") > m.count("pum_returned"),
    "consent_given": lambda m, e: _by_guardian_while_minor(m, e) and _on_record(m, e),
    "consent_refused": _by_guardian_while_minor,
    "consent_revoked": lambda m, e: _by_guardian_while_minor(m, e) and m.anybody_consents(),
    "sharing_consent_given": _shares,
    "sharing_consent_withdrawn": lambda m, e: _by_guardian_while_minor(m, e) and m.ever("sharing_consent_given"),
    "appeal_hearing_started": _hearing_after_referral,
    "plan_approved": _plan_list,
    "plan_signed": _plan_there,
    "plan_changed": _plan_changed,
    "measure_requested": _measure,
    "measure_started": _measure,
    "measure_attended": lambda m, e: runs(m.history, e.details["measure"], e.on),
    "new_offence_recorded": _new_offence,
    "complaint_filed": _complaint,
    "complaint_decided": _complaint_decided,
    "drug_ban_imposed": lambda m, e: _heard(m, e, "drug_ban", BAN_GROUNDS),
    "wait_started": _wait,
    "wait_ended": _wait_over,
}

# --- who may record ---------------------------------------------------------------------------------------------

AUTHORITIES = _words("police prosecution court correctional_service")
EVERYONE = AUTHORITIES | _words("party coordinator leader secretariat system")

ACTS_FOR: dict[str, frozenset[str]] = {
    "coordinator": AUTHORITIES | _words("party coordinator"),
    "leader": AUTHORITIES | _words("party coordinator leader"),
    "secretariat": _words("secretariat"),
    "prosecution": _words("police prosecution"),
    "system": EVERYONE,
    "team_member": frozenset(),
    "analyst": frozenset(),
    "auditor": frozenset(),
    "admin": frozenset(),
}

MOVE_ACTORS: dict[str, frozenset[str]] = {
    "case_registered": _words("police coordinator"),
    "suspect_set": _words("police"),
    "coordination_requested": _words("prosecution"),
    "investigation_closed": _words("police"),
    "transferred_to_follow_up": _words("prosecution"),
    "indicted": _words("prosecution"),
    "judgment_given": _words("court"),
    "follow_up_by_judgment": _words("court"),
    "appealed": _words("party prosecution"),
    "appeal_decided": _words("court"),
    "became_final": _words("prosecution system"),
    "early_execution_allowed": _words("prosecution"),
    "dispatched": _words("prosecution"),
    "received": _words("coordinator system"),
    "assigned": _words("leader coordinator"),
    "interim_conditions_started": _words("court"),
    "postponed": _words("coordinator"),
    "postponement_ended": _words("coordinator"),
    "plan_meeting_held": _words("coordinator"),
    "plan_signed": _words("coordinator"),
    "plan_failed": _words("coordinator"),
    "consent_withdrawn": _words("coordinator"),
    "breach_talk_ordered": _words("coordinator"),
    "breach_talk_held": _words("coordinator"),
    "breach_conditions_lifted": _words("coordinator"),
    "interrupted": _words("coordinator prosecution"),
    "resumed": _words("coordinator"),
    "replan_meeting_held": _words("coordinator"),
    "referred_for_breach": _words("coordinator"),
    "petition_sent": _words("correctional_service prosecution"),
    "petition_declined": _words("correctional_service prosecution"),
    "electronic_control_ordered": _words("court"),
    "electronic_control_ended": _words("court"),
    "petition_rejected": _words("court"),
    "conversion_final": _words("court"),
    "referred_for_resumption": _words("coordinator prosecution"),
    "prosecution_resumed": _words("prosecution"),
    "prosecution_not_resumed": _words("prosecution"),
    "closed_after_new_offence": _words("prosecution court"),
    "decision_set_aside": _words("prosecution court"),
    "completed": _words("coordinator system"),
    "term_expired": _words("system"),
    "window_closed": _words("system coordinator"),
    "other_outcome": _words("prosecution court"),
    "lapsed": AUTHORITIES | _words("coordinator"),
    "reopened": _words("leader secretariat"),
}

_COORDINATOR = _words("coordinator")
FACT_ACTORS: dict[str, frozenset[str]] = dict.fromkeys(FACTS, _COORDINATOR) | {
    "offence_added": _words("police prosecution coordinator"),
    "charged": _words("police prosecution"),
    "note_added": _words("prosecution coordinator leader secretariat"),
    "transfer_decided": _words("leader coordinator"),
    "transfer_accepted": _words("leader coordinator"),
    "transfer_declined": _words("leader secretariat"),
    "execution_regime_pinned": _words("coordinator leader"),
    "rules_migrated": _words("system"),
    "corrected": _words("police prosecution court correctional_service coordinator leader secretariat"),
    "reopening_approved": _words("leader secretariat"),
    "pum_ordered": _words("prosecution court"),
    "pum_returned": _words("correctional_service"),
    "hearing_scheduled": _words("court"),
    "hearing_started": _words("court"),
    "judgment_served": _words("police prosecution court"),
    "appeal_referred": _words("court"),
    "appeal_hearing_started": _words("court"),
    "measure_answered": _words("coordinator"),
    "became_final": _words("prosecution system"),
    "electronic_control_ended": _words("court system"),
    "measure_ended": _words("coordinator system"),
    "team_member_left": _words("coordinator system"),
    "wait_ended": _words("coordinator system"),
    "survey_answered": _words("party coordinator"),
    "new_offence_recorded": _words("police prosecution coordinator"),
    "complaint_filed": _words("party coordinator"),
    "complaint_decided": _words("secretariat prosecution"),
}
"""For whom a fact may be recorded: a guess, as the description names no actor for facts."""


def permitted(role: str, type: str) -> bool:
    """Whether that role may record that move: it acts for one of its actors."""
    return bool(ACTS_FOR[role] & MOVE_ACTORS[type])
