"""What a coordinator recorded first, and what they do while a message waits."""

import logging
from typing import Any

import pytest

from tests.intake.build import CHAIN, File, case_of, coordinator, history, nothing_wrong, receipt
from tests.intake.test_matching import why
from tests.intake.test_order import open_by_hand, record
from tests.intake.test_versions import correct
from tests.service import Service
from ungdom.intake import apply
from ungdom.store import inbox
from ungdom.store.errors import Stale

REGISTERED = (("suspect_set", "2025-01-20", {}), ("investigation_closed", "2025-02-28", {}), CHAIN[0])
JUDGED = (
    "judgment_given",
    "2025-04-24",
    {"length": {"years": 1}, "subsidiary_prison": {"months": 6}, "suitable_reaction": True, "lives_in_norway": True},
)
FINAL = ("became_final", "2025-05-09", {"accepted": False, "set_by_prosecution": True})


def by_hand(service: Service, *steps: Any) -> tuple[File, str]:
    """A case that the office opened and recorded in."""
    file = File(service, opens_with="never")
    case = open_by_hand(service, file)
    record(service, case, *REGISTERED, *steps)
    return file, case


def test_what_the_office_recorded_first_is_linked_with_the_message(served: Service) -> None:
    file, case = by_hand(served, JUDGED)
    before = history(served, case)

    told = file.send(*CHAIN[1])
    assert (told["outcome"], told["events"], told["deadlines"]) == ("duplicate", [], [])
    assert told["case"]["id"] == case
    assert history(served, case) == before

    assert file.send("judgment_given", "2025-04-25", CHAIN[1][2], version=2)["outcome"] == "applied"
    assert [day for kind, day, _ in history(served, case) if kind == "judgment_given"] == ["2025-04-25"]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (JUDGED, ("judgment_given", "2025-04-25", CHAIN[1][2])),
        (JUDGED, ("judgment_given", "2025-04-24", CHAIN[1][2] | {"length": {"months": 18}})),
    ],
    ids=["another day", "other terms"],
)
def test_what_the_office_recorded_otherwise_is_for_a_person_to_look_at(
    served: Service, step: Any, message: Any
) -> None:
    file, case = by_hand(served, step)
    before = history(served, case)

    told = file.send(*message)

    assert why(told) == ("parked", "recorded_otherwise")
    assert told["reason"]["message"]
    assert "retter" in told["reason"]["resolve"] or "rettet" in told["reason"]["resolve"]
    assert told["sender_should"]["code"] == "contact_the_office"
    assert told["case"]["id"] == case
    assert history(served, case) == before


def test_finality_that_the_office_recorded_otherwise_is_linked_when_it_is_corrected(served: Service) -> None:
    file, case = by_hand(served, JUDGED, ("became_final", "2025-05-12", {"set_by_prosecution": True}))
    assert why(file.send(*CHAIN[3])) == ("parked", "recorded_otherwise")

    correct(served, case, "became_final", "2025-05-09")

    assert file.stands("became_final") == "duplicate"


def test_a_message_that_waits_is_applied_when_the_office_records_what_it_waits_for(served: Service) -> None:
    file, case = by_hand(served)
    file.sent(CHAIN[3], CHAIN[4])
    version = case_of(served, case)["version"]

    record(served, case, JUDGED)

    assert file.stands("became_final") == file.stands("dispatched") == "applied"
    assert case_of(served, case)["version"] == version + 3
    tries = file.shown("became_final")["tries"]
    assert tries[-1]["by"] == f"case:{case}"


def test_a_message_that_waits_is_applied_when_the_office_opens_the_case(served: Service) -> None:
    file = File(served, opens_with="never")
    charged = file.send("new_charge", "2025-01-20", {"offence_on": "2025-01-17"})
    assert why(charged) == ("parked", "unknown_case")

    case = open_by_hand(served, file)
    assert why(file.shown("new_charge")["tries"][-1]["receipt"]) == ("parked", "too_early")
    record(served, case, ("suspect_set", "2025-01-20", {}))

    assert file.stands("new_charge") == "applied"
    assert "charged" in [kind for kind, *_ in history(served, case)]


def test_a_charge_of_a_system_that_handles_no_case_of_the_person_waits_until_the_office_points_one_out(
    served: Service,
) -> None:
    """To the sender the charge is of nobody known; the office sees why it waits."""
    file = File(served, opens_with="never")
    told = file.send("new_charge", "2025-06-03", {"offence_on": "2025-06-01"}, police_case_numbers=["77777777"])
    assert why(told) == ("parked", "unknown_case")

    case = open_by_hand(served, file)

    waiting = file.shown("new_charge")
    assert (waiting["outcome"], waiting["reason"]["code"], waiting["case_id"]) == ("parked", "unknown_case", None)
    office = coordinator(served)
    seen = office.get("/v1/decisions", outcome="parked").json()["items"]
    assert [(one["id"], one["reason"]["code"]) for one in seen] == [(waiting["id"], "identity_unconfirmed")]

    receipt(office.post(f"/v1/decisions/{waiting['id']}/retry", {"case": case}))
    assert file.shown("new_charge")["case_id"] == case


def test_tries_that_change_nothing_add_no_receipts(served: Service) -> None:
    file, case = by_hand(served)
    file.send(*CHAIN[4])

    for kind, day in (("hearing_scheduled", "2025-03-14"), ("hearing_started", "2025-04-10")):
        record(served, case, (kind, day, {}))
    again = receipt(coordinator(served).post(f"/v1/decisions/{file.shown('dispatched')['id']}/retry", {}))

    assert why(again) == ("parked", "too_early")
    assert len(file.shown("dispatched")["tries"]) == 1


def test_a_try_that_finds_other_conditions_tells_of_them(served: Service) -> None:
    file, case = by_hand(served, JUDGED)
    file.send("became_final", "2025-07-05")
    assert [no["code"] for no in file.shown("became_final")["tries"][-1]["receipt"]["unmet"]] == ["day_has_come"]

    record(served, case, ("appealed", "2025-05-02", {}))

    told = file.shown("became_final")["tries"][-1]["receipt"]
    assert (why(told), len(file.shown("became_final")["tries"])) == (("parked", "too_early"), 2)
    assert {no["code"] for no in told["unmet"]} == {"wrong_state", "day_has_come"}


@pytest.mark.parametrize("error", [RuntimeError("not foreseen"), Stale(1, 2)], ids=lambda e: type(e).__name__)
def test_a_try_that_goes_wrong_never_stops_what_the_office_records(
    served: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    file, case = by_hand(served)
    file.sent(CHAIN[3])
    apply_steps = apply.apply_steps

    def wrong(*given: Any) -> None:
        apply_steps(*given)
        raise error

    monkeypatch.setattr("ungdom.intake.apply.apply_steps", wrong)
    with caplog.at_level(logging.WARNING):
        record(served, case, JUDGED)
    assert [kind for kind, *_ in history(served, case)].count("became_final") == 0
    assert case_of(served, case)["state"] == "judged"
    assert file.stands("became_final") == ("parked", "too_early")
    assert file.person["family_name"] not in caplog.text
    monkeypatch.undo()
    nothing_wrong(served)

    record(served, case, ("judgment_served", "2025-04-24", {}))
    assert file.stands("became_final") == "applied"


def test_a_try_that_the_database_refuses_never_stops_what_the_office_records(
    served: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, case = by_hand(served)
    file.sent(CHAIN[3])
    linked = inbox.link

    def twice(*given: Any) -> None:
        linked(*given)
        linked(*given)

    monkeypatch.setattr("ungdom.store.inbox.link", twice)
    record(served, case, JUDGED)

    assert case_of(served, case)["state"] == "judged"
    assert file.stands("became_final") == ("parked", "too_early")


def test_a_try_that_loses_the_whole_transaction_is_never_told_of_as_written(
    one: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, case = by_hand(one)
    file.sent(CHAIN[3])

    def lost(tx: Any, *_given: Any) -> None:
        tx.exec_driver_sql("ROLLBACK")  # as SQLite does by itself when the disk is full
        raise RuntimeError("disk full")

    monkeypatch.setattr("ungdom.intake.apply.apply_steps", lost)
    done = coordinator(one).record(case, *JUDGED)
    monkeypatch.undo()

    assert done.status_code >= 500, done.text
    assert case_of(one, case)["state"] == "in_court"


def test_many_messages_that_wait_for_each_other_are_applied_at_once(one: Service) -> None:
    file = File(one)
    days = [f"2025-03-{day:02}" for day in range(5, 31)] * 4
    for n, day in enumerate(days):
        told = file.send("hearing_scheduled", day, {"hearing_on": f"2025-04-{n % 28 + 1:02}"}, decision_id=f"h-{n}")
        assert told["outcome"] == "parked"

    case = file.applied(CHAIN[0])

    scheduled = [kind for kind, *_ in history(one, case)].count("hearing_scheduled")
    assert scheduled == len(days)
    assert file.client.get("/v1/decisions", outcome="parked").json()["items"] == []


# --- by the office and by the sender ---------------------------------------------------------------------------


def test_a_message_that_is_put_aside_is_answered_and_waits_no_longer(served: Service) -> None:
    file, case = by_hand(served)
    told = file.send(*CHAIN[3])

    done = coordinator(served).post(f"/v1/decisions/{told['id']}/dismiss")

    assert (done.status_code, why(done.json())) == (200, ("rejected", "dismissed"))
    record(served, case, JUDGED)
    assert file.stands("became_final") == ("rejected", "dismissed")
    again = coordinator(served).post(f"/v1/decisions/{told['id']}/retry", {})
    assert (again.status_code, again.content) == (200, done.content)
    assert coordinator(served).post(f"/v1/decisions/{told['id']}/dismiss").content == done.content
    higher = file.send("became_final", "2025-05-10", version=2)
    assert higher["outcome"] == "applied"


def test_a_message_that_is_applied_is_not_tried_again(served: Service) -> None:
    file, _ = by_hand(served)
    applied = file.send(*CHAIN[1])

    again = coordinator(served).post(f"/v1/decisions/{applied['id']}/retry", {})

    assert (again.status_code, again.json()) == (200, applied)
    assert len(file.shown("judgment_given")["tries"]) == 1


def test_a_sender_may_have_its_own_message_tried_again_as_things_stand(served: Service) -> None:
    file, case = by_hand(served)
    told = file.send(*CHAIN[3])
    assert file.client is not None

    assert why(receipt(file.client.post(f"/v1/decisions/{told['id']}/retry", {}))) == ("parked", "too_early")
    for said in ({"case": case}, {"accept_gap": True}):
        assert file.client.post(f"/v1/decisions/{told['id']}/retry", said).status_code == 403
    assert file.client.post(f"/v1/decisions/{told['id']}/dismiss").status_code == 403


def test_a_case_that_the_office_may_not_see_cannot_be_named(served: Service) -> None:
    file, _ = by_hand(served)
    told = file.send(*CHAIN[3])
    other = File(served, opens_with="never")
    hidden = open_by_hand(served, other)
    bergen = served.as_("coordinator", "vest")

    assert bergen.post(f"/v1/decisions/{told['id']}/retry", {"case": hidden}).status_code == 404
    unknown = "019b8dd0-0000-7000-8000-000000000000"
    named = coordinator(served).post(f"/v1/decisions/{told['id']}/retry", {"case": unknown})
    assert named.status_code == 404
