"""The details of events: read from JSON, written to JSON, and refused with the place of every mistake."""

import json
from typing import Any

import pytest

from tests.workflow.roads import ROADS, lines, registration
from ungdom.workflow.errors import BadDetails
from ungdom.workflow.events import dump_details, load_details, plain_details, read_details
from ungdom.workflow.vocabulary import EventType

E = EventType


@pytest.mark.parametrize("road", ROADS)
def test_what_is_written_reads_back_the_same(road: str) -> None:
    told = lines(road)
    assert told[0].kind == "case_registered"
    for line in told:
        kind = EventType(line.kind)
        said = read_details(kind, registration(road, line) if kind is E.CASE_REGISTERED else line.details)

        stored = dump_details(kind, said)

        assert load_details(kind, stored) == said
        assert plain_details(kind, said) == json.loads(stored)
        assert read_details(kind, plain_details(kind, said)) == said


@pytest.mark.parametrize(
    ("kind", "given", "pointers"),
    [
        (E.POSTPONED, {}, ["/reason"]),
        (E.POSTPONED, {"reason": "tired"}, ["/reason"]),
        (E.POSTPONED, {"reason": "health", "because": "x"}, ["/because"]),
        (E.SUSPECT_SET, {"a/b~c": 1}, ["/a~1b~0c"]),
        (E.BREACH_TALK_HELD, {"consequences_explained": True, "conditions": ["reporting", "x"]}, ["/conditions/1"]),
        (E.ASSIGNED, {"coordinator": "Ola Nordmann"}, ["/coordinator"]),
        (E.ASSIGNED, {"coordinator": ""}, ["/coordinator"]),
        (E.INDICTED, {"court_received_on": "3 March"}, ["/court_received_on"]),
        (E.INDICTED, {"court_received_on": 20250303}, ["/court_received_on"]),
        (E.CASE_REGISTERED, {}, ["/sanction", "/konfliktrad", "/person", "/offences"]),
        (E.TRANSFERRED_TO_FOLLOW_UP, {"length": {"days": "120"}, "guilt_proven": "yes"},
         ["/length/days", "/guilt_proven"]),
    ],
)  # fmt: skip
def test_details_of_another_shape_are_refused_with_every_place(
    kind: EventType, given: dict[str, Any], pointers: list[str]
) -> None:
    with pytest.raises(BadDetails) as caught:
        read_details(kind, given)

    assert [problem.pointer for problem in caught.value.problems] == pointers
    assert caught.value.event_type == kind
    assert str(len(pointers)) in str(caught.value)
