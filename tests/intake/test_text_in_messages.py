"""What no text may hold, in every string of a decision: pushed it is 422, as a line it gets its own receipt."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.build import rows
from tests.api.test_text_everywhere import BAD, unprintable
from tests.intake.build import CHAIN, File, Told, opening, person, system
from tests.service import Service

ALL_STRINGS: Told = {
    "refers_to": "D-0",
    "court_case_number": "25-012345MED-TOSL/01",
    "person": person(
        contact="Vaffelveien 1",
        sex="male",
        protection="none",
        guardians=[{"name": "Munter Fiskegrateng", "contact": "40 00 00 00"}],
    ),
    "opening": opening(
        municipality="0301", konfliktrad="oslo", offences=[{"on": "2025-01-17", "statute": "strl-327", "group": None}]
    ),
}


def strings(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where strings stand in these plain values."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inner:
        yield from strings(part, (*place, name))
    if isinstance(value, str):
        yield place


def changed(message: Told, place: tuple[Any, ...], text: str) -> Told:
    found = copy.deepcopy(message)
    parent = found
    for name in place[:-1]:
        parent = parent[name]
    parent[place[-1]] = text
    return found


def spoilt(file: File) -> Iterator[tuple[str, Told]]:
    """A message that could be applied but for one text in it: the pointer of that text, and the message."""
    message = file.told(*CHAIN[0], **ALL_STRINGS)
    for place in strings(message):
        for text in BAD.values():
            yield "".join(f"/{part}" for part in place), changed(message, place, text)


def test_no_string_of_a_pushed_decision_takes_what_no_text_may_hold(served: Service) -> None:
    file = File(served)
    before = rows(served)
    messages = list(spoilt(file))
    wrong = []
    for pointer, message in messages:
        answer = file.post(message)
        named = [one["pointer"] for one in answer.json().get("errors", ())]
        if answer.status_code != 422 or not any(pointer.startswith(one) for one in named):
            wrong.append((pointer, answer.status_code, named))
    assert wrong == []
    assert rows(served) == before
    assert len(messages) >= 15 * len(BAD)


def test_a_line_with_such_a_text_gets_its_own_receipt_and_stops_nothing(served: Service) -> None:
    file = File(served)
    good = [file.told(*step) for step in CHAIN[:2]]
    bad = [message for _, message in spoilt(file)]
    half = len(bad) // 2
    sent = [good[0], *bad[:half], good[1], *bad[half:]]
    body = b"".join(json.dumps(one).encode() + b"\n" for one in sent)
    client = system(served)

    answer = client._send("POST", "/v1/decisions/batch", content=body, headers={"Content-Type": "application/x-ndjson"})

    assert answer.status_code == 200, answer.text
    receipts = [json.loads(line) for line in answer.content.splitlines()]
    assert [one["outcome"] for one in receipts] == ["applied", *["rejected"] * half, "applied", *["rejected"] * half]
    refusals = [one for one in receipts if one["outcome"] == "rejected"]
    assert {one["reason"]["code"] for one in refusals} == {"invalid"}
    assert [one["line"] for one in refusals] == [n for n, one in enumerate(sent, 1) if one not in good]
    assert unprintable(served) == []


def test_half_of_a_character_breaks_its_line_alone(one: Service) -> None:
    file = File(one, person=person(given_name="Rutete"))
    good = json.dumps(file.told(*CHAIN[0])).encode()
    broken = good.replace(file.person["given_name"].encode(), rb"\ud800")
    client = system(one)
    body = b"\n".join([broken, good])
    answer = client._send("POST", "/v1/decisions/batch", content=body, headers={"Content-Type": "application/x-ndjson"})
    receipts = [json.loads(line) for line in answer.content.splitlines()]
    assert [receipts[0]["reason"]["code"], receipts[1]["outcome"]] == ["broken_line", "applied"]


@pytest.mark.parametrize(("written", "kept"), [("A\u030ase", "Åse"), (" Rutete  Ro ", "Rutete  Ro")])
def test_a_name_is_kept_composed_and_without_space_around_it(served: Service, written: str, kept: str) -> None:
    file = File(served, person=person(given_name=written))
    file.send(*CHAIN[0])
    assert file.shown(CHAIN[0][0])["message"]["person"]["given_name"] == kept
