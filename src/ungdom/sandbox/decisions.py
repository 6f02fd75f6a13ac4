"""The decisions of a prosecution system about one invented youth, which a sandbox sends or hands out."""

from datetime import date, timedelta
from typing import Any

from ungdom.message import Kind
from ungdom.sandbox.youths import OFFICE, InventedYouth

Json = dict[str, Any]

ACT, REGISTERED, SUSPECT, INDICTED, JUDGED, FINAL = (timedelta(days=days) for days in (90, 88, 87, 60, 20, 5))
"""How long before the start of the sandbox each thing happened: the deadlines that follow lie in the days to come."""


def decisions(youth: InventedYouth, start: date) -> dict[str, Json]:
    """The messages by name, in the order in which they happened. `start`: the day on which the sandbox was started."""
    opening = {
        "sanction": "youth_sanction",
        "registered_on": (start - REGISTERED).isoformat(),
        "suspect_on": (start - SUSPECT).isoformat(),
        "konfliktrad": OFFICE,
        "offences": [{"on": (start - ACT).isoformat()}],
    }
    indicted_on, judged_on = start - INDICTED, start - JUDGED
    received = {"court_received_on": (indicted_on + timedelta(days=1)).isoformat()}
    judgment = {
        "length": {"months": 8},
        "subsidiary_prison": {"months": 5},
        "served_on": judged_on.isoformat(),
    }
    return {
        "indictment": _message(youth, "indictment", Kind.INDICTED, indicted_on, received, opening=opening),
        "judgment": _message(youth, "judgment", Kind.JUDGMENT_GIVEN, judged_on, judgment),
        "finality": _message(youth, "finality", Kind.BECAME_FINAL, start - FINAL, {}),
    }


def _message(youth: InventedYouth, name: str, kind: Kind, on: date, terms: Json, **more: Any) -> Json:
    return {
        "kind": kind.value,
        "decision_id": f"sandbox-{youth.number}-{name}",
        "version": 1,
        "occurred_on": on.isoformat(),
        "sent_at": f"{on.isoformat()}T12:00:00Z",
        "police_case_numbers": [youth.police_case_number],
        "person": youth.person,
        "terms": terms,
        **more,
    }
