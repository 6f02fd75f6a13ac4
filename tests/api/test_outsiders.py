"""Somebody of another office opens a case on an identity number that they know: what they learn, and what they may do.

The outsider knows number and day of birth of a youth, and no more. They may be there first or last, and messages about
the youth may come before or after them.
"""

from datetime import date
from typing import Any

import pytest

from tests.api.build import assert_problem
from tests.api.test_questions import BORN, KNOWN, NUMBER, STRICT, opened
from tests.intake.build import File, opening
from tests.service import Client, Service

OUTSIDER = ("coordinator", "troms")
FAKE = {"given_name": "Xx", "family_name": "Yy", "born": BORN, "national_id": NUMBER, "guardians": []}
SENT = {"born": BORN, "given_name": "Prikkete", "family_name": "Lyngtue", "national_id": NUMBER}
CHARGE = ("new_charge", "2025-03-03", {"offence_on": "2025-02-17"})


def charged(service: Service, reason: str = "unknown_case", **more: Any) -> dict[str, Any]:
    """A charge on the youth, from a system that handles no case of theirs, and so parked, for this reason."""
    file = File(service, person=SENT, number="91000808", day=date(2026, 1, 6))
    receipt = file.send(*CHARGE, **({"opening": None} | more))
    assert receipt["outcome"] == "parked", receipt
    assert receipt["reason"]["code"] == reason
    return receipt


def parked(client: Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get("/v1/decisions", outcome="parked").json()["items"]
    return items


ORDERS = {
    "known, message, outsider": ("known", "message", "outsider"),
    "known, outsider, message": ("known", "outsider", "message"),
    "outsider, known, message": ("outsider", "known", "message"),
}


@pytest.mark.parametrize("protection", ["none", STRICT])
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_a_case_of_ones_own_shows_no_message_about_somebody_known_elsewhere(
    served: Service, order: tuple[str, ...], protection: str
) -> None:
    message = {}
    for what in order:
        if what == "known":
            opened(served, "oslo", KNOWN | {"protection": protection})
        elif what == "outsider":
            opened(served, "troms", FAKE)
        else:
            message = charged(served)
    for outsider in (served.as_(*OUTSIDER), served.as_("leader", "troms")):
        assert parked(outsider) == []
        path = f"/v1/decisions/{message['id']}"
        assert_problem(outsider.get(path), 404, "not_found")
        assert_problem(outsider.post(f"{path}/dismiss"), 404, "not_found")
        assert_problem(outsider.post(f"{path}/retry", {}), 404, "not_found")

    secretariat = served.as_("secretariat")
    (row,) = parked(secretariat)
    assert (row["id"], row["reason"]["code"], row["konfliktrad"]) == (message["id"], "identity_unconfirmed", None)
    shown = secretariat.get(f"/v1/decisions/{message['id']}").json()["message"]
    assert shown["person"]["family_name"] == SENT["family_name"]
    assert "national_id" not in shown["person"] or protection == "none"


def test_the_office_of_the_only_person_it_may_be_about_reads_the_message_that_names_another_office(
    served: Service,
) -> None:
    opened(served, "oslo", KNOWN)
    to_come = opening(konfliktrad="agder", registered_on="2026-02-01")
    message = charged(served, "conditions_unmet", opening=to_come)
    assert [condition["code"] for condition in message["unmet"]] == ["day_has_come"]
    for who in (("leader", "oslo"), ("coordinator", "oslo")):
        shown = served.as_(*who).get(f"/v1/decisions/{message['id']}").json()
        assert shown["reason"]["code"] == "identity_unconfirmed"
        assert shown["message"]["person"]["family_name"] == SENT["family_name"]
    agder = served.as_("coordinator", "agder").get(f"/v1/decisions/{message['id']}").json()
    assert agder["reason"]["code"] == "conditions_unmet"


def test_the_message_about_a_strictly_protected_person_is_for_the_leader(served: Service) -> None:
    opened(served, "oslo", KNOWN | {"protection": STRICT})
    message = charged(served)
    assert parked(served.as_("coordinator", "oslo", "coordinator-oslo-2")) == []
    assert [row["id"] for row in parked(served.as_("leader", "oslo"))] == [message["id"]]
