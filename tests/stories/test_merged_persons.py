"""Persons of two offices that were merged, told over HTTP: what each office finds, reads and is asked."""

from typing import Any

import pytest

from tests.service import Client, Service
from tests.stories.test_persons import NUMBER, approved, corrected, ok, opened, proposed, questions, read, sent

SECOND_BORN = "2009-05-20"


def merged_across_offices(service: Service) -> tuple[dict[str, Any], dict[str, Any]]:
    """The cases of two konfliktråd whose persons are one since a merge: that of Oslo was stored first."""
    mine = opened(service)
    theirs = opened(service, "troms", given_name="Prikke", family_name="Tue", born=SECOND_BORN, national_id=None)
    merge = proposed(service.as_("secretariat"), mine["person"]["id"], "merge", other=theirs["person"]["id"])
    approved(service.as_("leader", "oslo"), merge)
    return mine, theirs


def hits(client: Client, **wanted: str) -> list[str]:
    """The ids of the persons found."""
    return [hit["id"] for hit in ok(client.post("/v1/persons/search", wanted))["items"]]


@pytest.mark.parametrize("wanted", [{"name": "Tue"}, {"born": SECOND_BORN}])
def test_a_search_does_not_match_the_record_of_another_office(served: Service, wanted: dict[str, str]) -> None:
    mine, _ = merged_across_offices(served)
    who = mine["person"]["id"]

    assert hits(served.as_("coordinator", "oslo"), **wanted) == []
    assert hits(served.as_("coordinator", "troms"), **wanted) == [who]
    assert hits(served.as_("secretariat"), **wanted) == [who]


def test_both_offices_find_the_person_by_the_record_that_takes_precedence(served: Service) -> None:
    mine, _ = merged_across_offices(served)

    for office in ("oslo", "troms"):
        assert hits(served.as_("coordinator", office), name="lyngtue") == [mine["person"]["id"]]
