"""Messages that are not right: every place named, nothing kept; and whatever comes, no case is ever wrong."""

import copy
import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.build import raw, rows, said
from tests.intake.build import APPEAL, CHAIN, FOLLOW_UP, TRANSFER, File, Told, coordinator, nothing_wrong, opening
from tests.intake.test_order import open_by_hand, record
from tests.service import Service
from ungdom.message import TERMS, Kind
from ungdom.store import journal
from ungdom.store.schema.cases import case_file
from ungdom.workflow import legality

WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("unknown field", {"colour": "blue"}, "/colour"),
    ("unknown kind", {"kind": "party"}, "/kind"),
    ("no kind", {"kind": None}, "/kind"),
    ("terms of another kind", {"terms": {"length": {"years": 1}}}, "/terms/length"),
    ("no terms", {"terms": {}}, "/terms/court_received_on"),
    ("terms that are none", {"terms": "x"}, "/terms"),
    ("impossible day", {"occurred_on": "2025-02-30"}, "/occurred_on"),
    ("a day far away", {"occurred_on": "0001-01-01"}, "/occurred_on"),
    ("a day that is a number", {"occurred_on": 20250303}, "/occurred_on"),
    ("a day with an hour", {"occurred_on": "2025-03-03T10:00:00Z"}, "/occurred_on"),
    ("sent without a zone", {"sent_at": "2025-03-03T10:00:00"}, "/sent_at"),
    ("version nought", {"version": 0}, "/version"),
    ("version as text", {"version": "1"}, "/version"),
    ("version as a fraction", {"version": 1.5}, "/version"),
    ("version as a truth", {"version": True}, "/version"),
    ("version too high", {"version": 1_000_001}, "/version"),
    ("no id", {"decision_id": ""}, "/decision_id"),
    ("an id with spaces", {"decision_id": "a b"}, "/decision_id"),
    ("a long id", {"decision_id": "a" * 121}, "/decision_id"),
    ("numbers as text", {"police_case_numbers": "15434811"}, "/police_case_numbers"),
    ("an odd number", {"police_case_numbers": ["15434811", "\x00\x00\x00"]}, "/police_case_numbers/1"),
    ("too many numbers", {"police_case_numbers": [str(n) for n in range(100, 151)]}, "/police_case_numbers"),
    ("no day of birth", {"person": {"family_name": "F"}}, "/person/born"),
    ("an empty name", {"person": {"born": "2008-03-12", "family_name": " "}}, "/person/family_name"),
    (
        "an identity number of ten digits",
        {"person": {"born": "2008-03-12", "family_name": "F", "national_id": "1234567890"}},
        "/person/national_id",
    ),
    ("an identity number for an office", {"opening": opening(konfliktrad="12345678901")}, "/opening/konfliktrad"),
    ("an opening without acts", {"opening": opening(offences=[])}, "/opening/offences"),
    (
        "an act that ends first",
        {"opening": opening(offences=[{"on": "2025-01-17", "until": "2025-01-16"}])},
        "/opening/offences/0/until",
    ),
    ("one half of an indictment", {"opening": opening(indicted_on="2025-03-03")}, "/opening"),
    (
        "a concern that is no number",
        {"kind": "new_charge", "terms": {"offence_on": "2025-01-01", "concerns": ["\x00"]}},
        "/terms/concerns/0",
    ),
]


@pytest.mark.parametrize(("changed", "pointer"), [pytest.param(c, p, id=name) for name, c, p in WRONG])
def test_a_message_that_is_not_right_is_refused_at_its_place(served: Service, changed: Told, pointer: str) -> None:
    file = File(served)
    message = {**file.told(*CHAIN[0]), **changed}
    message = {name: value for name, value in message.items() if value is not None}
    before = rows(served)

    answer = file.post(message)

    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert problem["code"] == "invalid_input", problem
    assert pointer in [one["pointer"] for one in problem["errors"]], problem["errors"]
    assert all(one["detail"] for one in problem["errors"])
    assert rows(served) == before


def test_every_wrong_place_is_named_at_once_in_the_language_of_the_sender(one: Service) -> None:
    file = File(one)
    message = file.told(*CHAIN[0]) | {"version": 0, "occurred_on": "x", "colour": 1}

    spoken = {
        language: file.post(message, headers={"Accept-Language": language}).json()["errors"]
        for language in ("nb", "nn", "en")
    }

    for errors in spoken.values():
        assert {one["pointer"] for one in errors} == {"/version", "/occurred_on", "/colour"}
    details = [tuple(one["detail"] for one in errors) for errors in spoken.values()]
    assert len(set(details)) == 3


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"x"', 422),
        (said({"kind": "\ud800"}), 400),
        (b'{"version": NaN}', 400),
        (b"[" * 5_000, 400),
        (b'{"kind": "' + b"x" * 2_000_000 + b'"}', 413),
    ],
    ids=["empty", "half", "list", "null", "text", "half a character", "not a number", "deep", "huge"],
)
def test_what_is_no_message_is_refused(one: Service, body: bytes, status: int) -> None:
    file = File(one)
    before = rows(one)
    assert file.client is not None

    answer = raw(file.client, "/v1/decisions", body)

    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert rows(one) == before


@pytest.mark.parametrize("sent_at", ["0001-01-01T00:00:00Z", "1969-12-31T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_message_sent_at_an_odd_time_is_taken_or_refused_but_never_fails(served: Service, sent_at: str) -> None:
    file = File(served)

    answer = file.post(file.told(*CHAIN[0]) | {"sent_at": sent_at})

    assert answer.status_code in (201, 422), answer.text


# --- whatever comes ---------------------------------------------------------------------------------------------

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(["2025-02-30", "2025-03-03", "9999-12-31", "\x00", "å" * 300, "youth", "12345678901"]),
    st.just([]),
    st.just({}),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)

SAMPLES: dict[str, Told] = {
    "transferred_to_follow_up": TRANSFER,
    "judgment_given": CHAIN[1][2] | {"served_on": "2025-04-24", "interim_conditions": ["abstinence"]},
    "indicted": CHAIN[0][2],
    "new_charge": {"offence_on": "2025-01-17", "concerns": ["15434811"]},
    "petition_decided": {"outcome": "converted", "to": "prison", "extent": "whole"},
    "dispatched": {"delivered": True},
}


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in these plain values."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [at, *(place for name, part in inner for place in places(part, (*at, name)))]


@st.composite
def mutated(draw: st.DrawFn, message: Told) -> Any:
    """The message with a few places changed, left out or added to."""
    found = copy.deepcopy(message)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.sampled_from([place for place in places(found) if place] or [()]))
        if not at:
            return draw(ODD)
        parent = found
        for name in at[:-1]:
            parent = parent[name]
        how = draw(st.sampled_from(["change", "leave out", "add"]))
        if how == "change":
            parent[at[-1]] = draw(ODD)
        elif how == "leave out":
            del parent[at[-1]]
        elif isinstance(parent, dict):
            parent[draw(st.text(max_size=6))] = draw(ODD)
    return found


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_mutation_of_a_message_is_answered_with_an_error_of_ours(one: Service, data: st.DataObject) -> None:
    file = File(one, opening=data.draw(st.sampled_from([opening(), FOLLOW_UP])))
    kind = data.draw(st.sampled_from(sorted(SAMPLES)))
    file.opens_with = kind
    message = data.draw(mutated(file.told(kind, "2025-04-24", SAMPLES[kind])))

    answer = file.post(message)

    assert answer.status_code in (200, 201, 202, 400, 422), (message, answer.text)


STEPS = [*CHAIN, *APPEAL[3:6], ("dropped", "2025-04-01", {}), ("hearing_scheduled", "2025-03-14", {})]
MOVES = st.tuples(
    st.sampled_from(STEPS),
    st.integers(1, 3),
    st.sampled_from([0, 0, 0, 1, 2]),
    st.sampled_from(["sent", "sent", "sent", "by hand", "annulled", "dismissed"]),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(moves=st.lists(MOVES, min_size=1, max_size=14), opened=st.booleans())
def test_whatever_comes_in_whatever_order_every_case_is_a_legal_walk(
    one: Service, moves: list[Any], opened: bool
) -> None:
    file = File(one)
    if opened:
        record(one, open_by_hand(one, file), ("suspect_set", "2025-01-20", {}))

    for (kind, day, terms), version, later, how in moves:
        moved = f"{day[:8]}{min(28, int(day[8:]) + later):02}"
        act(file, how, kind, moved, terms, version)

    nothing_wrong(one)
    legal(one)


def act(file: File, how: str, kind: str, day: str, terms: Told, version: int) -> None:
    """One thing that a sender or the office does; whether it goes is not the question, only that nothing breaks."""
    office = coordinator(file.service)
    if how == "sent":
        answer = file.post(file.told(kind, day, terms, version=version))
        assert answer.status_code in (200, 201, 202, 422), answer.text
        return
    cases = [one["id"] for one in office.get("/v1/cases", q=file.number).json().get("items", [])]
    parked = office.get("/v1/decisions", outcome="parked", limit=5).json()["items"]
    if how == "dismissed" and parked:
        assert office.post(f"/v1/decisions/{parked[0]['id']}/dismiss").status_code == 200
    elif how == "by hand" and cases:
        assert office.record(cases[0], kind, day, terms).status_code in (201, 409, 422)
    elif how == "annulled" and cases:
        listed = office.get(f"/v1/cases/{cases[0]}/events")
        wish = {"seq": len(listed.json()["items"]), "reason": "never_happened", "replacement": None}
        done = office.post(f"/v1/cases/{cases[0]}/corrections", wish, listed.headers["ETag"])
        assert done.status_code in (201, 409, 422), done.text


def legal(service: Service) -> None:
    """Every history is one that could be told step by step."""
    with service.db.reading() as tx:
        ids: list[UUID] = list(tx.scalars(case_file.select().with_only_columns(case_file.c.case_id)))
        for stored in journal.load_many(tx, ids):
            assert legality.first_illegal_step(stored.youth, stored.events) is None, json.dumps(
                [str(e) for e in stored.events]
            )


def test_every_kind_has_a_sample_or_asks_for_nothing() -> None:
    asks = {kind for kind, shape in TERMS.items() if shape.__dataclass_fields__}
    assert {Kind(name) for name in SAMPLES} <= asks
