"""Random histories for the reference model: a start, what may come next, who records it, and how time passes.

What is proposed always has the right shape. Most of it is meant to be accepted, some has one thing wrong, a little is
any event at all.
"""

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import accumulate
from typing import Any, NamedTuple

from tests.model.dates import R1_FROM, R2_FROM, add_months, after, read
from tests.model.measures import LATER_LIST, R0_LIST
from tests.model.reference import (
    ACTS_FOR,
    CLOSED,
    FACT_ACTORS,
    FACTS,
    MOVE_ACTORS,
    OPEN,
    PLAN,
    REOPENERS,
    ROWS,
    ROWS_OF,
    SANCTIONS,
    VERSION,
    Entry,
    Model,
)

LAST_DAY = date(2027, 12, 31)
PERSON = "6f1c8a52-3a0e-4f6e-9a55-2f3f0f6c2d11"
NOTE = "0b0f6a0e-7a4f-4f0e-8f43-5c1b4f3f7e21"

KONFLIKTRAD = ("oslo", "ost", "vest", "nordland")
SUBJECTS = ("anna", "bjarne", "cecilie")
GUARDIANS = ("g1", "g2")

GROUPS = ("violence", "property_theft", "drugs_alcohol", "traffic", "other")
RECOMMENDATIONS = ("electronic_control", "serve_prison", "community_sentence", "suspended_sentence")
BREACH_CONDITIONS = ("place_of_stay", "no_contact", "abstinence", "conversation", "reporting")
INTERIM_CONDITIONS = ("residence_or_occupation", "no_contact", "abstinence")
AGENCIES = ("konfliktrad", "police", "prosecution", "correctional_service", "child_welfare", "school", "health")
GROUNDS = ("breach", "new_offence", "breach_and_new_offence")
COMPLAINTS = (
    "transfer_to_follow_up",
    "plan",
    "plan_change",
    "drug_ban",
    "breach_conditions",
    "interruption",
    "postponement",
    "stay_abroad",
)
HEARINGS = ("interruption", "referral", "resumption", "drug_ban", "plan_failure", "new_plan")
PARTIES = ("youth", "guardian", "victim", "police", "prosecution", "court", "konfliktrad", "measure_provider")


class Draw:
    """Choices for one proposal; `slips`: how many of them may be the wrong one."""

    def __init__(self, rng: random.Random, slips: int) -> None:
        self.rng = rng
        self.slips = slips

    def right(self) -> bool:
        """Whether this choice is the right one."""
        if self.slips and self.rng.random() < 0.35:
            self.slips -= 1
            return False
        return True

    def one(self, *options: Any) -> Any:
        return self.rng.choice(options)

    def some(self, options: tuple[str, ...], least: int = 0) -> list[str]:
        return self.rng.sample(options, self.rng.randint(least, min(3, len(options))))

    def yes(self, share: float = 0.5) -> bool:
        return self.rng.random() < share

    def day(self, first: date, last: date) -> date:
        return first + timedelta(days=self.rng.randint(0, max((last - first).days, 0)))


# --- a start ----------------------------------------------------------------------------------------------------


class Start(NamedTuple):
    """A case about to be registered."""

    sanction: str
    born: date
    guardians: int
    registered_on: date
    details: dict[str, Any]


SPANS = (
    (date(2014, 8, 1), date(2023, 3, 31)),
    (date(2022, 12, 1), date(2024, 1, 31)),
    (date(2023, 1, 1), date(2024, 4, 30)),
    (date(2023, 3, 1), date(2023, 12, 31)),
    (date(2024, 3, 1), date(2024, 11, 15)),
    (date(2024, 9, 1), date(2026, 6, 30)),
)


def random_start(rng: random.Random) -> Start:
    """Spread over 2014-2026, with many cases that live through the short regime of autumn 2024."""
    first, last = rng.choice(SPANS)
    registered = first + timedelta(days=rng.randint(0, (last - first).days))
    days = sorted(registered - timedelta(days=rng.randint(2, 200)) for _ in range(rng.choice((1, 1, 2, 3, 4, 5))))
    born = _born(rng, days)
    sanction = SANCTIONS[rng.random() < 0.38]
    details = {
        "sanction": sanction,
        "konfliktrad": "oslo",
        "person": PERSON,
        "offences": [_offence(rng, on) for on in days],
        "repeated_or_serious": rng.random() < 0.93,
        "table": VERSION,
    }
    return Start(sanction, born, rng.choice((0, 1, 1, 1, 2, 2)), registered, details)


def _born(rng: random.Random, days: list[date]) -> date:
    kind = rng.random()
    if kind < 0.15 and len(days) > 2:  # turns 18 between the offences
        return add_months(days[-1] - timedelta(days=rng.randint(0, 30)), -18 * 12)
    if 0.15 < kind < 0.16:  # too young or too old
        return add_months(days[0], -12 * rng.choice((14, 18))) - timedelta(days=rng.randint(0, 60))
    return add_months(days[0], -rng.randint(15 * 12, 18 * 12 - 8)) - timedelta(days=rng.randint(0, 27))


def _offence(rng: random.Random, on: date) -> dict[str, Any]:
    offence = {"on": on.isoformat(), "group": rng.choice(GROUPS)}
    if rng.random() < 0.1:
        offence["until"] = (on + timedelta(days=rng.randint(0, 2))).isoformat()
    return offence


# --- details of the decision ------------------------------------------------------------------------------------

Builder = Callable[[Model, Draw, date], dict[str, Any]]

BAD_LENGTHS = (
    {"days": 119},
    {"months": 3},
    {"years": 2, "days": 1},
    {"months": 25},
    {"months": 37},
    {"years": 3, "weeks": 1},
)
BAD_FOLLOW_UP = ({"days": 119}, {"weeks": 17}, {"years": 1, "days": 1}, {"months": 13}, {"years": 2})


def _sanction_length(d: Draw, regime: int) -> dict[str, Any]:
    if not d.right():
        return {"length": d.one(*BAD_LENGTHS)}
    if d.yes(0.1):
        return {"length": d.one({"years": 3}, {"months": 30}), "prison_would_exceed_two_years": True}
    short = (
        ({"months": 6}, {"days": 190}, {"weeks": 27}) if regime == 0 else ({"days": 120}, {"months": 5}, {"weeks": 18})
    )
    return {"length": d.one(*short, *short, {"months": 9}, {"years": 1}, {"months": 18}, {"years": 2})}


def _follow_up_length(d: Draw) -> dict[str, int]:
    if not d.right():
        return dict(d.one(*BAD_FOLLOW_UP))
    return dict(d.one({"days": 120}, {"days": 120}, {"months": 5}, {"weeks": 26}, {"months": 9}, {"years": 1}))


def _terms(m: Model, d: Draw, on: date) -> dict[str, Any]:
    regime = m.decision_regime(on)
    terms = _sanction_length(d, regime) | {
        "subsidiary_prison": {"months": d.rng.randint(1, 12)},
        "lives_in_norway": d.right(),
        "suitable_reaction": d.right(),
        "later_offences_less_serious": d.yes(0.8 if regime == 2 else 0.1),
    }
    if not d.right():
        del terms["subsidiary_prison"]
    if d.yes(0.6):
        terms["served_on"] = (on if d.right() else on + timedelta(days=d.one(-1, 3))).isoformat()
    if (regime == 2 and d.yes(0.85)) or not d.right():
        terms["interim_conditions"] = d.some(INTERIM_CONDITIONS, 1)
        terms["interim_from"] = d.day(on, on + timedelta(days=15)).isoformat()
        if not d.right():
            del terms["interim_from"]
    if (regime > 0 and d.yes(0.15)) or not d.right():
        months = 6 if regime < 2 else 36
        terms["unconditional_prison"] = {"months": months + (0 if d.right() else 200)}
    return terms


def _appeal_decided(m: Model, d: Draw, on: date) -> dict[str, Any]:
    outcomes = ("upheld", "refused", "changed", "replaced", "withdrawn", "sent_back")
    outcome = d.rng.choices(outcomes, (4, 3, 3, 1, 3, 2))[0]
    details: dict[str, Any] = {"outcome": outcome}
    if outcome not in {"replaced", "withdrawn", "sent_back"} and d.yes(0.5):
        details["served_on"] = on.isoformat()
    if (outcome == "changed") == d.right():
        follow_up = m.sanction == "youth_follow_up"
        details["terms"] = {"length": _follow_up_length(d)} if follow_up else _terms(m, d, on)
    return details


def _transferred(m: Model, d: Draw, on: date) -> dict[str, Any]:  # noqa: ARG001 - a builder's signature
    details: dict[str, Any] = {"length": _follow_up_length(d), "guilt_proven": d.right()}
    return details | ({"notified_on": on.isoformat()} if d.yes(0.7) else {})


def _follow_up_judgment(m: Model, d: Draw, on: date) -> dict[str, Any]:  # noqa: ARG001 - as above
    details: dict[str, Any] = {"length": _follow_up_length(d), "suspended_sentence": d.right()}
    return details | ({"served_on": on.isoformat()} if d.yes(0.6) else {})


def _indicted(m: Model, d: Draw, on: date) -> dict[str, Any]:  # noqa: ARG001 - as above
    return {"court_received_on": d.day(on, on + timedelta(days=5)).isoformat()}


def _appealed(m: Model, d: Draw, on: date) -> dict[str, Any]:
    deadline = m.appeal_deadline()
    late = deadline is not None and on > deadline
    reason = {"reinstated": d.one("not_to_blame", "special_reasons")} if late and d.yes(0.7) else {}
    runs = m.state == "interim_conditions"
    goes_on = {"conditions_continue": True} if (runs and d.yes(0.4)) or not d.right() else {}
    return {"by": d.one("youth", "prosecution")} | reason | goes_on


def _early(m: Model, d: Draw, on: date) -> dict[str, Any]:
    decision = m.decision()
    judged = decision[0] if decision else on
    asked = d.day(judged, on) if d.right() else d.one(judged - timedelta(days=1), on + timedelta(days=1))
    return {"requested_on": asked.isoformat()}


def _ended(m: Model, d: Draw, _on: date) -> dict[str, Any]:
    """What goes on after a reopening: as in the approval, mostly."""
    approved = m.last("reopening_approved")
    agreed = approved.details.get("goes_on", []) if approved else []
    goes_on = [n for n in m.ended() if (n in agreed) == d.right()]
    left = [n for n in m.ended() if n not in goes_on and d.right()]
    return ({"goes_on": goes_on} if goes_on else {}) | ({"stays_ended": left} if left else {})


def _approval(m: Model, d: Draw, _on: date) -> dict[str, Any]:
    goes_on = [n for n in m.ended() if d.yes()]
    left = [n for n in m.ended() if n not in goes_on]
    return ({"goes_on": goes_on} if goes_on else {}) | ({"stays_ended": left} if left else {})


def _breach(_m: Model, d: Draw, _on: date) -> dict[str, Any]:
    named = {d.one("measure", "meeting", "test"): d.one("t1", "t2")} if d.yes(0.4) else {}
    return {"kind": d.one("plan", "duty", "drug_ban", "interim_conditions", "condition")} | named


def _victim(_m: Model, d: Draw, _on: date) -> dict[str, Any]:
    return {"victim": d.one(1, 2)} if d.yes(0.5) else {}


def _became_final(m: Model, d: Draw, on: date) -> dict[str, Any]:
    deadline = m.appeal_deadline()
    if (deadline is None or on <= deadline) and d.right():
        return {d.one("accepted", "set_by_prosecution"): True}
    return {}


def _consent(m: Model, d: Draw, on: date) -> dict[str, Any]:
    by = d.one("youth", "guardian") if m.guardians and (m.minor(on) or not d.right()) else "youth"
    return {"by": by} | ({"guardian": d.one(*GUARDIANS)} if by == "guardian" and d.yes(0.85) else {})


def _consent_given(m: Model, d: Draw, on: date) -> dict[str, Any]:
    explained = on + timedelta(days=0 if d.right() else 1)
    more = {"explained_on": explained.isoformat(), "language": "nb", "interpreter": d.yes(0.1)} if d.yes() else {}
    more |= {"until": d.day(on, on + timedelta(days=120)).isoformat()} if d.yes(0.12) else {}
    given = [e.details.get("guardian", e.details["by"]) for e in m.history if e.type == "consent_given"]
    lacking = [name for name in GUARDIANS if name not in given]
    if "youth" not in given and d.yes(0.8):
        return {"by": "youth"} | more
    if m.needs_guardian(on) and lacking and d.yes(0.6):
        return {"by": "guardian", "guardian": lacking[0]} | more
    return _consent(m, d, on) | more


def _sharing(m: Model, d: Draw, on: date) -> dict[str, Any]:
    until = {"until": d.day(on - timedelta(days=2), on + timedelta(days=60)).isoformat()} if d.yes(0.3) else {}
    scope, recipients = d.some(("progress", "plan", "attendance"), 1), d.some(AGENCIES, 1)
    return {"by": _by(m, d, on), "scope": scope, "recipients": recipients} | until


def _member_joined(_m: Model, d: Draw, _on: date) -> dict[str, Any]:
    role = {"role": d.one("police_contact", "teacher", "health_worker", "other")} if d.yes(0.3) else {}
    return {"member": d.one("m1", "m2"), "agency": d.one(*AGENCIES)} | role


# --- details of the plan ----------------------------------------------------------------------------------------


def _plan_meeting(m: Model, d: Draw, on: date) -> dict[str, Any]:
    present = ["youth"]
    present += ["guardian"] if m.needs_guardian(on) else []
    present += ["correctional_service", "police"] if m.sanction == "youth_sanction" else []
    if not d.right():
        present.remove(d.one(*present))
    extra = [who for who in d.some(("konfliktrad", "defender", "school", "victim")) if who not in present]
    return {"present": present + extra}


def _plan_signed(m: Model, d: Draw, on: date) -> dict[str, Any]:
    by = ["youth", "guardian"] if m.needs_guardian(on) else ["youth"]
    if not d.right():
        by.pop()
    return {"by": by}


def _code(m: Model, d: Draw, on: date) -> str:
    right = R0_LIST if m.step_regime(on) == 0 else LATER_LIST
    return str(d.one(*right) if d.right() else d.one("urinprove", "institution_stay", *R0_LIST, *LATER_LIST))


def _measure(m: Model, d: Draw, on: date) -> dict[str, Any]:
    return {"measure": d.one("t1", "t2")} | ({"code": _code(m, d, on)} if d.yes(0.6) else {})


def _plan_list(m: Model, d: Draw, on: date) -> dict[str, Any]:
    hours = [{"hours_a_week": d.rng.randint(1, 3)} if d.yes() else {} for _ in range(d.rng.randint(1, 3))]
    return {"measures": [{"measure": f"t{n}", "code": _code(m, d, on)} | more for n, more in enumerate(hours, 1)]}


def _plan_changed(m: Model, d: Draw, on: date) -> dict[str, Any]:
    load = {"load": d.one("lower", "equal") if d.right() else "higher", "agreed": d.right()}
    return load | (_plan_list(m, d, on) if d.yes(0.8) else {})


def _recommendation(m: Model, d: Draw, on: date) -> str:
    if m.step_regime(on) == 0 and d.right():
        return "serve_prison"
    return str(d.one("electronic_control", *RECOMMENDATIONS))


def _plan_failed(m: Model, d: Draw, on: date) -> dict[str, Any]:
    details = {"reason": d.one("no_agreement", "did_not_meet", "no_suitable_measures", "other")}
    if m.sanction == "youth_sanction" and d.right():
        details["recommendation"] = _recommendation(m, d, on)
    return details


def _transfer_decided(m: Model, d: Draw, on: date) -> dict[str, Any]:
    others = [code for code in KONFLIKTRAD if code != m.office()]
    return {
        "to": d.one(*others) if d.right() else m.office(),
        "parties_heard": d.right(),
        "prosecution_told_on": (on if d.right() else on + timedelta(days=1)).isoformat(),
    }


# --- details of breach ------------------------------------------------------------------------------------------


def _interrupted(m: Model, d: Draw, on: date) -> dict[str, Any]:  # noqa: ARG001 - as above
    fitting = ["health", "weighty_grounds"]
    fitting += ["missed_talk"] if m.ever("breach_talk_missed") else []
    fitting += ["new_breach_after_talk"] if m.new_breach() else []
    fitting += ["charged_with_new_offence"] if m.ever("new_offence_recorded") else []
    fitting += ["complaint"] if m.open_complaints() else []
    every = ("missed_talk", "new_breach_after_talk", "charged_with_new_offence", "complaint")
    reason = d.one(*fitting) if d.right() else d.one(*every)
    by_prosecution = (reason == "charged_with_new_offence") == d.right()
    return {"reason": reason, "decided_by": "prosecution" if by_prosecution else "coordinator"}


def _resumed(m: Model, d: Draw, on: date) -> dict[str, Any]:  # noqa: ARG001 - as above
    if m.interruption_fell() or not d.right():
        return {"reason": "complaint_upheld"}
    return {"reason": d.one("cause_gone", "conversion_not_wanted", "new_case_dropped", "separate_sentence")}


def _youth_heard(_m: Model, d: Draw, _on: date) -> dict[str, Any]:
    about = d.rng.sample(HEARINGS, d.rng.randint(2, len(HEARINGS)))
    return {"about": about, "how": d.one("spoken", "written", "did_not_use")}


def _consents_to_breach_step(d: Draw) -> dict[str, Any]:
    return {"consent_police": d.right(), "consent_correctional_service": d.right()}


def _replan(m: Model, d: Draw, on: date) -> dict[str, Any]:  # noqa: ARG001 - as above
    present = {"present": ["youth", *d.some(("police", "school", "health"))]}
    if m.plan_fell() and d.yes(0.8):
        return present | {"after_complaint": True}
    needed = m.sanction == "youth_sanction" or d.yes(0.2)
    return present | (_consents_to_breach_step(d) if needed else {})


def _referred(m: Model, d: Draw, on: date) -> dict[str, Any]:
    to_prosecution = (m.step_regime(on) == 2 and d.yes()) or not d.right()
    return {
        "to": "prosecution" if to_prosecution else "correctional_service",
        "recommendation": _recommendation(m, d, on),
    } | _consents_to_breach_step(d)


def _petition(m: Model, d: Draw, on: date) -> dict[str, Any]:
    what = _recommendation(m, d, on)
    end = m.adjusted_end(on)
    if end is not None and on > end and d.right():
        what = "serve_prison"
    if m.state == "electronic_control" and d.yes(0.7):
        what = "electronic_control"
    offence = m.ever("new_offence_recorded")
    ground = d.one(*GROUNDS) if offence else ("breach" if d.right() else d.one(*GROUNDS))
    breach_by_prosecution = (m.step_regime(on) == 2 and d.yes()) or not d.right()
    by_prosecution = breach_by_prosecution if ground == "breach" else d.right()
    by = "prosecution" if by_prosecution else "correctional_service"
    return {"for": what, "by": by, "ground": ground}


def _control(m: Model, d: Draw, on: date) -> dict[str, Any]:
    end = m.adjusted_end(on) or on
    longest = min(end, add_months(on, 6))
    if not d.right():
        return {"until": (longest + timedelta(days=1)).isoformat()}
    return {"until": max(on, d.one(longest, d.day(on, longest), d.day(on, longest))).isoformat()}


def _control_ended(m: Model, d: Draw, on: date) -> dict[str, Any]:
    ordered = m.last("electronic_control_ordered")
    over = ordered is not None and on >= read(ordered.details["until"])
    return {"reason": "period_over" if over == d.right() else "lifted"}


def _conversion(m: Model, d: Draw, on: date) -> dict[str, Any]:
    later = m.step_regime(on) > 0 or not d.right()
    extent = d.one("whole", "part")
    continues = (extent == "part" and d.yes()) or not d.right()
    details = {"to": d.one("prison", "community_sentence", "suspended_sentence") if later else "prison"}
    judged = {"judged_on": (on - timedelta(days=15)).isoformat()} if d.yes() else {}
    return details | {"extent": extent, "rest_continues": continues} | judged


def _resumption(m: Model, d: Draw, on: date) -> dict[str, Any]:  # noqa: ARG001 - as above
    breach, offence = m.new_breach(), m.ever("new_offence_recorded")
    if not d.right() or (breach and offence):
        return {"ground": d.one(*GROUNDS)}
    return {"ground": "new_offence" if offence else "breach"}


def _closed_after(m: Model, d: Draw, on: date) -> dict[str, Any]:  # noqa: ARG001 - as above
    decided = on - timedelta(days=d.rng.randint(0, 20)) if d.right() else on + timedelta(days=1)
    return {"decision": d.one("final_decision", "joint_sentence"), "decided_on": decided.isoformat()}


def _set_aside(m: Model, d: Draw, on: date) -> dict[str, Any]:  # noqa: ARG001 - as above
    by_complaint = m.ever("transferred_to_follow_up") == d.right()
    return {"reason": "complaint_upheld" if by_complaint else d.one("judgment_overturned", "case_reopened")}


def _new_offence(m: Model, d: Draw, on: date) -> dict[str, Any]:
    end = m.adjusted_end(on)
    last = on if end is None else min(on, end)
    offence = last - timedelta(days=d.one(0, 1, 10, 40)) if d.right() else last + timedelta(days=1)
    charged = {"charged_on": (on if d.right() else offence - timedelta(days=1)).isoformat()} if d.yes(0.6) else {}
    return {"offence_on": offence.isoformat()} | charged


# --- details of the rest ----------------------------------------------------------------------------------------


def _complaint_filed(m: Model, d: Draw, on: date) -> dict[str, Any]:
    if not d.right() or m.step_regime(on) > 0:
        made = tuple(about for about in COMPLAINTS if m.complainable(about))
        return {"about": d.one(*(made if made and d.right() else COMPLAINTS))}
    return {"about": "transfer_to_follow_up"}


def _complaint_decided(m: Model, d: Draw, on: date) -> dict[str, Any]:  # noqa: ARG001 - as above
    waiting = tuple(m.open_complaints()) if d.right() else ()
    reason = {"reinstated": d.one("not_to_blame", "special_reasons")} if d.yes(0.3) else {}
    outcome = d.one("upheld", "upheld", "rejected", "dismissed")
    return {"about": d.one(*(waiting or COMPLAINTS)), "outcome": outcome} | reason


def _wait_started(m: Model, d: Draw, on: date) -> dict[str, Any]:
    held_up = m.state in PLAN and m.step_regime(on) > 0
    parties = [party for party in PARTIES if party != "victim" or not held_up]
    party = d.one(*parties) if d.right() else d.one("parties", "victim")
    return {"party": party, "reason": d.one("consent", "illness", "capacity", "documents", "other")}


def _wait_ended(m: Model, d: Draw, on: date) -> dict[str, Any]:  # noqa: ARG001 - as above
    waits = m.open_waits()
    if d.yes(0.4):
        return {}
    return {"party": d.one(*waits) if waits and d.right() else d.one(*PARTIES)}


def _correction(m: Model, d: Draw, on: date) -> dict[str, Any]:  # noqa: ARG001 - as above
    number = d.rng.randint(max(1, len(m.log) - 6), len(m.log) + (0 if d.right() else 1))
    details: dict[str, Any] = {"corrects": number, "reason": "never_happened"}
    if d.yes(0.5) and number <= len(m.log):
        old = m.log[number - 1]
        day = old.on + timedelta(days=d.one(-2, -1, 1, 2))
        new = {"type": old.type, "occurred_on": day.isoformat(), "details": old.details}
        details |= {"reason": "wrong_date", "replacement": new}
    return details


def _by(m: Model, d: Draw, on: date) -> str:
    return str(d.one("youth", "guardian") if m.minor(on) or not d.right() else "youth")


BUILDERS: dict[str, Builder] = {
    "case_registered": lambda m, d, on: {
        "sanction": m.sanction,
        "konfliktrad": "oslo",
        "person": PERSON,
        "offences": [_offence(d.rng, on - timedelta(days=9))],
    },
    "transferred_to_follow_up": _transferred,
    "indicted": _indicted,
    "judgment_given": _terms,
    "follow_up_by_judgment": _follow_up_judgment,
    "appealed": _appealed,
    "appeal_decided": _appeal_decided,
    "became_final": _became_final,
    "early_execution_allowed": _early,
    "reopened": _ended,
    "reopening_approved": _approval,
    "received": lambda _m, d, _on: {"not_a_duplicate": True} if d.yes(0.2) else {},
    "assigned": lambda _m, d, _on: {"coordinator": d.one("k1", "k2", "k3")},
    "postponed": lambda _m, d, _on: {
        "reason": d.one("health", "weighty_grounds"),
        "conditions": d.some(BREACH_CONDITIONS),
    },
    "plan_meeting_held": _plan_meeting,
    "plan_signed": _plan_signed,
    "plan_failed": _plan_failed,
    "consent_withdrawn": _consent,
    "breach_talk_held": lambda _m, d, _on: {
        "consequences_explained": d.right(),
        "conditions": d.some(BREACH_CONDITIONS),
    },
    "interrupted": _interrupted,
    "resumed": _resumed,
    "replan_meeting_held": _replan,
    "referred_for_breach": _referred,
    "petition_sent": _petition,
    "electronic_control_ordered": _control,
    "electronic_control_ended": _control_ended,
    "conversion_final": _conversion,
    "referred_for_resumption": _resumption,
    "closed_after_new_offence": _closed_after,
    "decision_set_aside": _set_aside,
    "window_closed": lambda _m, d, _on: {"outcome": d.one("completed", "breach_closed")},
    "other_outcome": lambda _m, d, _on: {"outcome": d.one("acquitted", "dropped", "fine", "prison", "mediation")},
    "lapsed": lambda _m, d, _on: {"reason": d.one("death", "limitation", "pardon")},
    "offence_added": lambda _m, d, on: {
        "offence": _offence(d.rng, on - timedelta(days=d.rng.randint(3, 60) if d.right() else -1))
    },
    "note_added": lambda _m, _d, _on: {"note": NOTE},
    "transfer_decided": _transfer_decided,
    "execution_regime_pinned": lambda _m, d, _on: {
        "regime": d.one("R0", "R1", "R1", "R2"),
        "reason": d.one("more_lenient_law", "legal_assessment", "court_order"),
    },
    "rules_migrated": lambda _m, _d, _on: {"table": VERSION},
    "corrected": _correction,
    "pum_ordered": lambda _m, d, on: {"wished_by": after(on, {"weeks": 4}).isoformat()} if d.yes() else {},
    "pum_returned": lambda _m, d, _on: {"carried_out": d.yes(0.8)},
    "coordination_meeting_held": lambda _m, d, _on: {
        "suitable": d.yes(0.8),
        "sketch": d.yes(),
        "agencies": d.some(AGENCIES),
    },
    "consent_given": _consent_given,
    "consent_refused": _consent,
    "consent_revoked": _consent,
    "sharing_consent_given": _sharing,
    "sharing_consent_withdrawn": lambda m, d, on: {"by": _by(m, d, on), "recipients": d.some(AGENCIES)},
    "hearing_scheduled": lambda _m, d, on: {"hearing_on": d.day(on, after(on, {"weeks": 6})).isoformat()},
    "team_member_joined": _member_joined,
    "team_member_left": lambda _m, d, _on: {"member": d.one("m1", "m2")},
    "plan_approved": lambda m, d, on: _plan_list(m, d, on) if d.yes(0.8) else {},
    "plan_changed": _plan_changed,
    "measure_requested": _measure,
    "measure_answered": lambda _m, d, _on: {
        "measure": d.one("t1", "t2"),
        "answer": d.one("offered", "waiting_list", "refused"),
    },
    "measure_started": _measure,
    "measure_attended": lambda _m, d, _on: {
        "measure": d.one("t1", "t2"),
        "attended": d.one("attended", "absent_with_reason", "absent"),
    },
    "measure_ended": lambda _m, d, _on: {
        "measure": d.one("t1", "t2"),
        "reason": d.one("carried_out", "replaced", "end_of_term"),
    },
    "team_meeting_held": lambda _m, d, _on: {"invited": d.some(AGENCIES), "present": d.some(AGENCIES)},
    "drug_test_held": lambda _m, d, _on: {"result": d.one("negative", "positive", "refused")},
    "stay_abroad_permitted": lambda _m, d, on: {
        "since": on.isoformat(),
        "until": d.day(on, after(on, {"weeks": 3})).isoformat(),
    },
    "stay_abroad_refused": lambda _m, _d, on: {"since": on.isoformat(), "until": after(on, {"weeks": 2}).isoformat()},
    "youth_heard": _youth_heard,
    "breach_recorded": _breach,
    "victim_invited": _victim,
    "victim_accepted": _victim,
    "victim_declined": _victim,
    "victim_withdrew": _victim,
    "restorative_meeting_held": lambda _m, d, _on: {"victims": d.one([1], [2], [1, 2])} if d.yes(0.7) else {},
    "new_offence_recorded": _new_offence,
    "complaint_filed": _complaint_filed,
    "complaint_decided": _complaint_decided,
    "wait_started": _wait_started,
    "wait_ended": _wait_ended,
}
"""How the details of a type are drawn; a type that is not here asks for nothing."""

# --- what comes next --------------------------------------------------------------------------------------------

TYPES = tuple(dict.fromkeys([*MOVE_ACTORS, *FACTS, "corrected"]))

MOVE_WEIGHT = 6.0
FACT_WEIGHT = 0.3
WEIGHTS: dict[str, float] = {
    # closings come soon enough
    "other_outcome": 0.1,
    "lapsed": 0.08,
    "plan_failed": 1.1,
    "consent_withdrawn": 1.0,
    "closed_after_new_offence": 0.25,
    "decision_set_aside": 0.12,
    "prosecution_resumed": 2,
    # the way to execution
    "suspect_set": 12,
    "consent_given": 12,
    "judgment_given": 10,
    "follow_up_by_judgment": 10,
    "appealed": 2.5,
    "early_execution_allowed": 1.5,
    "appeal_referred": 5,
    "appeal_hearing_started": 5,
    "postponed": 1,
    "youth_conference_held": 6,
    "plan_signed": 4,
    "interim_conditions_started": 8,
    # breach
    "breach_recorded": 7,
    "breach_talk_missed": 6,
    "breach_talk_ordered": 12,
    "breach_talk_held": 10,
    "fetch_requested": 2,
    "youth_heard": 9,
    "complaint_filed": 1.2,
    "complaint_decided": 2,
    "plan_approved": 1,
    "breach_conditions_lifted": 1,
    "new_offence_recorded": 1.5,
    "interrupted": 4,
    "referred_for_breach": 18,
    "referred_for_resumption": 6,
    "petition_sent": 6,
    "electronic_control_ordered": 14,
    "conversion_final": 9,
    "electronic_control_ended": 14,
    "replan_meeting_held": 2,
    # the end
    "completed": 10,
    "term_expired": 40,
    "window_closed": 12,
    "reopened": 9,
    "reopening_approved": 3,
    # seldom
    "consent_refused": 0.15,
    "consent_revoked": 0.15,
    "execution_regime_pinned": 0.15,
    "corrected": 0.25,
}


def _likely(state: str) -> tuple[tuple[str, ...], list[float]]:
    moves = {row[0] for row in ROWS if state in row[1]}
    facts = {type for type, (states, _) in FACTS.items() if state in states} - moves
    weights = {type: WEIGHTS.get(type, MOVE_WEIGHT) for type in sorted(moves)}
    weights |= {type: WEIGHTS.get(type, FACT_WEIGHT) for type in sorted(facts)}
    weights["corrected"] = WEIGHTS["corrected"]
    return tuple(weights), list(accumulate(weights.values()))


LIKELY = {state: _likely(state) for state in OPEN | CLOSED}

RARE = frozenset(type for type, weight in WEIGHTS.items() if weight <= 1)
TRIES = 7

Proposal = tuple[str, date, dict[str, Any]]


def propose(model: Model, rng: random.Random, today: date, without: frozenset[str] = frozenset()) -> Proposal:
    """What may come next in a registered case, with its day and details; never a type of `without`."""
    kind = rng.random()
    if kind < 0.05:
        return _anything(model, rng, today, without)
    if kind < 0.14:
        return _hasty(model, rng, today, without)
    proposal = _plausible(model, rng, today, without)
    return proposal if kind < 0.85 else _spoiled(model, rng, today, proposal)


def _hasty(model: Model, rng: random.Random, today: date, without: frozenset[str]) -> Proposal:
    """A move that is open here, whether its time has come or not."""
    moves = [
        type
        for type in LIKELY[model.state][0]
        if type not in RARE | without and any(model.sanction in scope for *_, scope in ROWS_OF.get(type, ()))
    ]
    type = rng.choice(moves) if moves else "note_added"
    return type, today, _details(model, Draw(rng, 0), type, today)


def _plausible(model: Model, rng: random.Random, today: date, without: frozenset[str]) -> Proposal:
    """The first that would be accepted, or the last one tried."""
    types, weights = LIKELY[model.state]
    draw = Draw(rng, 0)
    proposal: Proposal = ("note_added", today, {"note": NOTE})
    for _ in range(TRIES):
        type = rng.choices(types, cum_weights=weights)[0]
        if type in without or (type == "consent_given" and model.consented(today)):
            continue
        on = _when(model, rng, type, today)
        proposal = type, on, _details(model, draw, type, on)
        role, subject = recorder(model, type, rng)
        if model.accepts(*proposal, today, role, subject):
            break
    return proposal


def _spoiled(model: Model, rng: random.Random, today: date, proposal: Proposal) -> Proposal:
    type, on, _ = proposal
    if rng.random() < 0.25:
        on = rng.choice(
            (
                model.entered - timedelta(days=1),
                model.registered_on - timedelta(days=1),
                today + timedelta(days=1),
                model.entered,
            )
        )
    return type, on, _details(model, Draw(rng, 1), type, on)


def _anything(model: Model, rng: random.Random, today: date, without: frozenset[str]) -> Proposal:
    type = rng.choice([type for type in TYPES if type not in without])
    on = today + timedelta(days=rng.randint(-200, 3))
    return type, on, _details(model, Draw(rng, 3), type, on)


def _details(model: Model, draw: Draw, type: str, on: date) -> dict[str, Any]:
    builder = BUILDERS.get(type)
    return builder(model, draw, on) if builder else {}


def _when(model: Model, rng: random.Random, type: str, today: date) -> date:
    kind = rng.random()
    if kind < 0.6:
        return today
    first = model.registered_on if kind > 0.93 and type in FACTS else model.entered
    return first + timedelta(days=rng.randint(0, max((today - first).days, 0)))


# --- who records it ---------------------------------------------------------------------------------------------

_ROLES = tuple(ACTS_FOR)
_ABLE = {
    type: tuple(role for role in _ROLES if ACTS_FOR[role] & actors)
    for type, actors in (FACT_ACTORS | MOVE_ACTORS).items()
}


def recorder(model: Model, type: str, rng: random.Random) -> tuple[str, str]:
    """A role and a subject to record it: mostly one that may."""
    if type in {"reopened", "reopening_approved"} and rng.random() < 0.9:
        return _reopener(model, type, rng)
    role = rng.choice(_ABLE[type] if rng.random() < 0.95 else _ROLES)
    return role, rng.choice(SUBJECTS)


def _reopener(model: Model, type: str, rng: random.Random) -> tuple[str, str]:
    approvals = model.approvals()
    role, subject = rng.choice(REOPENERS), rng.choice(SUBJECTS)
    if type == "reopened" and approvals and rng.random() < 0.8:
        approved, by = rng.choice(approvals)
        role = REOPENERS[1 - REOPENERS.index(approved)]
        subject = rng.choice([other for other in SUBJECTS if other != by])
    return role, subject


# --- a walk -----------------------------------------------------------------------------------------------------


def advance(rng: random.Random, today: date, model: Model | None = None) -> date:
    """The next day something is recorded: at most 120 days on, often beside a day on which a rule turns."""
    days = [day for day in _turning_days(model) if 0 <= (day - today).days <= 119] if model else []
    if days and rng.random() < 0.28:
        step = (rng.choice(days) - today).days + rng.choice((-1, 0, 0, 1, 1))
    else:
        step = rng.randint(0, rng.choice((0, 1, 3, 7, 14, 30, 60, 120)))
        step //= 5 if R1_FROM <= today < R2_FROM else 1
    day = today + timedelta(days=max(step, 0))
    if today < R1_FROM < R2_FROM <= day:  # not past the whole of it
        day = R1_FROM + timedelta(days=step % 10)
    return min(day, LAST_DAY)


def _turning_days(model: Model) -> list[date]:
    """First day of R1, 18th birthday, appeal deadline; end of electronic control, of the term, of the window."""
    today = model.entered
    control = model.last("electronic_control_ordered")
    found = [
        R1_FROM,
        add_months(model.born, 18 * 12),
        model.appeal_deadline() if model.state in {"judged", "interim_conditions"} else None,
        read(control.details["until"]) if control and model.state == "electronic_control" else None,
        model.adjusted_end(today),
        model.window_end(today),
    ]
    return [day for day in found if day is not None]


def walk(rng: random.Random, steps: int = 40, without: frozenset[str] = frozenset()) -> Iterator[tuple[Model, Entry]]:
    """A case and what is proposed for it, one event at a time, before the model has taken it in."""
    start = random_start(rng)
    model = Model(start.sanction, start.born, start.guardians)
    today = start.registered_on + timedelta(days=rng.choice((0, 0, 1, 5)))
    entry = Entry("case_registered", start.registered_on, start.details, ("coordinator", "anna"), today)
    for _ in range(steps):
        yield model, entry
        type, on, details, (role, subject), day = entry
        if model.accepts(type, on, details, day, role, subject):
            model.apply(type, on, details, day, role, subject)
        elif not model.stays:
            return
        today = advance(rng, today, model)
        proposal = propose(model, rng, today, without)
        entry = Entry(*proposal, recorder(model, proposal[0], rng), today)
