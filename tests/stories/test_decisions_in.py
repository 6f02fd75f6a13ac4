"""`docs/decisions-in.md`: every example is sent in its order and answered as it says, and every word is explained."""

import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.intake.build import coordinator, nothing_wrong, system
from tests.service import Service
from ungdom.intake.models import ADVICE, Advice, Outcome, Reason, Remark
from ungdom.intake.retry import retry_due
from ungdom.message import Kind

TEXT = (Path(__file__).parents[2] / "docs" / "decisions-in.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"^```json (?P<outcome>\w+) (?P<state>\w+)\n(?P<message>.*?)^```$", re.MULTILINE | re.DOTALL)
OFFICE = re.compile(r"^<!-- the office, (?P<number>\d+): (?P<steps>.*) -->$", re.MULTILINE)
NIGHT = re.compile(r"^<!-- the night to (?P<day>\S+) -->$", re.MULTILINE)
NAMED = set(re.findall(r"`([^`\n]+)`", TEXT))
ELSEWHERE = {Reason.INVALID, Reason.BROKEN_LINE, Reason.LINE_TOO_LONG, Reason.DRY_RUN_TOO_LONG, Reason.NOT_NOW}
"""Reasons of lines, which `docs/batch.md` explains."""


@dataclass(frozen=True)
class Told:
    """Something that the page tells: a message with its answer, what the office records, or a night."""

    at: int
    match: re.Match[str]

    @property
    def group(self) -> dict[str, str]:
        return self.match.groupdict()


def told() -> list[Told]:
    """What the page tells, in its order."""
    found = [Told(match.start(), match) for kind in (EXAMPLE, OFFICE, NIGHT) for match in kind.finditer(TEXT)]
    return sorted(found, key=lambda one: one.at)


def test_every_example_is_answered_as_the_page_says(served: Service) -> None:
    cases: dict[str, str] = {}
    assert {one.match.re for one in told()} == {EXAMPLE, OFFICE, NIGHT}
    for one in told():
        if one.match.re is EXAMPLE:
            message = json.loads(one.group["message"])
            answer = sent(served, message)
            assert expected(answer) == (one.group["outcome"], one.group["state"]), (message, answer)
            for number in message["police_case_numbers"]:
                cases.setdefault(number, answer["case"]["id"])
        elif one.match.re is OFFICE:
            recorded(served, cases[one.group["number"]], one.group["steps"])
        else:
            night(served, date.fromisoformat(one.group["day"]))
    nothing_wrong(served)


def sent(service: Service, message: dict[str, Any]) -> dict[str, Any]:
    service.clock.turn_to(date.fromisoformat(message["sent_at"][:10]), 13)
    return dict(system(service).post("/v1/decisions", message).json())


def expected(answer: dict[str, Any]) -> tuple[str, str]:
    """The outcome, and the state of the case, or the reason why the message was not applied."""
    return answer["outcome"], answer["reason"]["code"] if answer["reason"] else answer["state_after"]


def recorded(service: Service, case: str, steps: str) -> None:
    for step in steps.split("; "):
        day, kind, details = step.split(" ", 2)
        service.clock.turn_to(date.fromisoformat(day), 14)
        done = coordinator(service).record(case, kind, day, json.loads(details))
        assert done.status_code == 201, done.text


def night(service: Service, day: date) -> None:
    service.clock.turn_to(day, 1)
    assert retry_due(service.db, service.app.state.keys, service.clock)["settled"]


def test_every_kind_has_an_example() -> None:
    kinds = {json.loads(one.group["message"])["kind"] for one in told() if one.match.re is EXAMPLE}

    assert kinds == set(Kind)


@pytest.mark.parametrize("word", [*Outcome, *Advice, *Remark, *(one for one in Reason if one not in ELSEWHERE)])
def test_every_word_of_a_receipt_is_explained(word: str) -> None:
    assert word in NAMED


def test_the_page_gives_the_advice_that_receipts_give() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| .* \| `(\w+)` \|$", TEXT, re.MULTILINE))

    assert rows == {why: ADVICE[why] for why in Reason if why not in ELSEWHERE}


def test_one_example_is_one_message_as_any_client_sends_it() -> None:
    examples = [json.loads(one.group["message"]) for one in told() if one.match.re is EXAMPLE]
    assert examples
    for message in examples:
        assert set(message) >= {"kind", "decision_id", "version", "sent_at", "occurred_on", "police_case_numbers"}
        number = message.get("person", {}).get("national_id", "008000")
        assert 81 <= int(number[2:4]) <= 92 or number == "008000", "only numbers of the synthetic series"
