"""What a row of the table of moves consists of, the short names that rows use, and the conditions that choose a row."""

from collections.abc import Callable
from dataclasses import dataclass

from ungdom.workflow import payloads as d
from ungdom.workflow.guards.core import CaseCondition, Guard
from ungdom.workflow.vocabulary import Actor, EventType, Regime, Sanction, State

FIRST_VERSION = "2026-11-24"
"""The first version of the table."""


@dataclass(frozen=True, slots=True)
class PreviousState:
    """A target that depends on the case: where it was before it closed."""

    name: str = "the state before"


@dataclass(frozen=True, slots=True)
class Move:
    """One row. `condition`: of several rows for one event, the one these details choose.

    `only_for`: the cases that the row is for; None: every case. `since`: the first version of the table that has it.
    `until`: the first that has it no more.
    """

    event: EventType
    sources: tuple[State, ...]
    target: State | PreviousState | None
    sanctions: tuple[Sanction, ...]
    regimes: tuple[Regime, ...]
    guards: tuple[Guard, ...]
    actors: tuple[Actor, ...]
    law: str
    condition: Callable[[d.Details | None], bool] | None = None
    since: str = FIRST_VERSION
    until: str | None = None
    only_for: CaseCondition | None = None


E, A, T = EventType, Actor, State
REG, INV, ASM, AWD = T.REGISTERED, T.INVESTIGATION, T.ASSESSMENT, T.AWAITING_DECISION
CRT, JUD, APP, FIN, DSP = T.IN_COURT, T.JUDGED, T.APPEALED, T.FINAL, T.DISPATCHED
RCV, PRE, ITM, PST = T.RECEIVED, T.PREPARING, T.INTERIM_CONDITIONS, T.POSTPONED
EXE, ELC, TLK, TGT = T.EXECUTING, T.ELECTRONIC_CONTROL, T.BREACH_TALK, T.TIGHTENED
INT, RFD, BIC, RSM, EXP = T.INTERRUPTED, T.REFERRED, T.BREACH_IN_COURT, T.RESUMPTION_REVIEW, T.TERM_EXPIRED
CMP, CNV, BCL, CWD = T.COMPLETED, T.CONVERTED, T.BREACH_CLOSED, T.CONSENT_WITHDRAWN
NPL, OTH, LPS = T.NO_PLAN, T.OTHER_DECISION, T.LAPSED

S, F = (Sanction.YOUTH_SANCTION,), (Sanction.YOUTH_FOLLOW_UP,)
BOTH = S + F
R0, R2 = (Regime.R0,), (Regime.R2,)
R1_ON, ALL = (Regime.R1, Regime.R2), (Regime.R0, Regime.R1, Regime.R2)

POL, PRO, COU, COR = A.POLICE, A.PROSECUTION, A.COURT, A.CORRECTIONAL_SERVICE
PTY, CRD, LDR, SEC, SYS = A.PARTY, A.COORDINATOR, A.LEADER, A.SECRETARIAT, A.SYSTEM

BEFORE_DECISION = (INV, ASM, AWD, CRT)
EXECUTION = (EXE, ELC, TLK, TGT)
IN_BREACH = (INT, RFD, BIC, RSM, EXP)
IN_PLAN = (RCV, PRE, ITM, PST)
WITH_THE_OFFICE = IN_PLAN + EXECUTION + IN_BREACH
STOPPED = (CRT, JUD, APP, FIN, DSP, RCV, PRE, PST)
"""States in which nothing runs, but what ran under interim conditions may have been left open."""
OPEN = (REG, INV, ASM, AWD, CRT, JUD, APP, FIN, DSP, *WITH_THE_OFFICE)
ENDED = (CMP, CNV, BCL, CWD, NPL, OTH, LPS)


def new_sentence(details: d.Details | None) -> bool:
    """The court of appeal put another sanction in its place."""
    return isinstance(details, d.AppealDecided) and details.outcome is d.AppealOutcome.REPLACED


def tried_again(details: d.Details | None) -> bool:
    """The court of appeal set the judgment aside and ordered a new trial."""
    return isinstance(details, d.AppealDecided) and details.outcome is d.AppealOutcome.SENT_BACK


def sets_conditions(details: d.Details | None) -> bool:
    """The breach talk ended with conditions."""
    return isinstance(details, d.BreachTalkHeld) and bool(details.conditions)


def rest_continues(details: d.Details | None) -> bool:
    """A part was converted and the rest goes on."""
    return isinstance(details, d.ConversionFinal) and details.rest_continues


def after_breach(details: d.Details | None) -> bool:
    """The case is closed as breached when the window has passed."""
    return isinstance(details, d.WindowClosed) and details.outcome is d.WindowOutcome.BREACH_CLOSED


def after_complaint(details: d.Details | None) -> bool:
    """The plan fell by a complaint, and a new one is made."""
    return isinstance(details, d.ReplanMeetingHeld) and details.after_complaint
