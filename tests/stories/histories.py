"""The worked histories of `tests/data/cases`, completed with what they leave out because it decides nothing there."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import yaml

from tests.data import CASES

NAMES = ("alfa", "delta", "epsilon", "gamma", "iota", "nu", "omicron", "pi", "rho", "theta", "xi")

# What a real event needs and the histories do not say, because it decides nothing they expect.
FILL: dict[str, dict[str, Any]] = {
    "judgment_given": {"suitable_reaction": True, "lives_in_norway": True},
    "transferred_to_follow_up": {"guilt_proven": True},
    "assigned": {"coordinator": "coordinator-{konfliktrad}"},
    "breach_talk_held": {"consequences_explained": True},
    "wait_started": {"reason": "youth_conference"},
    "transfer_decided": {"parties_heard": True},
}
LEFT_OUT = {("transfer_decided", "parties_heard_on"), ("transfer_accepted", "to")}
"""Details that the service does not take: that the parties were heard is enough, and where to is known."""
REPLACE = {("wait_started", "reason", "invited to the youth conference"): "youth_conference"}


@dataclass
class Told:
    """One line of a history: when it was recorded, what happened when, and its details."""

    recorded_on: date
    type: str
    occurred_on: date
    details: dict[str, Any]


def read(name: str) -> dict[str, Any]:
    """One history as it stands in its file."""
    return yaml.safe_load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))


def events(history: dict[str, Any]) -> list[Told]:
    """The events after registration, completed, in the order they became known."""
    office = history["konfliktrad"]
    completed = []
    for raw in history["events"][1:]:
        office = raw["details"]["to"] if raw["type"] == "transfer_accepted" else office
        completed.append(_told(raw, office))
    return completed


def registration(history: dict[str, Any]) -> Told:
    """The registration: offences in the shape the service asks for."""
    raw = history["events"][0]
    given = raw["details"]
    details = {
        "offences": [{"on": given["last_offence"].isoformat()}],
        "repeated_or_serious": given.get("repeated_or_serious", False),
    }
    return Told(raw.get("recorded_on", raw["date"]), raw["type"], raw["date"], details)


def refused(history: dict[str, Any]) -> list[tuple[Told, dict[str, Any]]]:
    """Steps that must be refused on their day, each with what is expected of the refusal."""
    given = history["expect"].get("refused", [])
    return [(_told(raw, history["konfliktrad"]), raw) for raw in given]


def _told(raw: dict[str, Any], konfliktrad: str) -> Told:
    kind = raw["type"]
    given = {key: value for key, value in _plain(raw.get("details", {})).items() if (kind, key) not in LEFT_OUT}
    for key, value in list(given.items()):
        given[key] = REPLACE.get((kind, key, str(value)), value)
    fill = {
        key: value.format(konfliktrad=konfliktrad) if isinstance(value, str) else value
        for key, value in FILL.get(kind, {}).items()
        if key not in given
    }
    return Told(raw.get("recorded_on", raw["date"]), kind, raw["date"], given | fill)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date | datetime) else value
