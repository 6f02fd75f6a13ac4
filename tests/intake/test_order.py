"""Messages in whatever order they come: the same case in the end, no step by hand, nothing started too early."""

from collections.abc import Sequence
from datetime import date
from itertools import permutations
from typing import Any

from tests.intake.build import (
    APPEAL,
    CHAIN,
    FOLLOW_UP,
    OFFICE,
    TRANSFER,
    File,
    Step,
    content_of,
    coordinator,
    history,
    nothing_wrong,
    opening,
    receipt,
)
from tests.samples import sampled
from tests.service import Service
from ungdom.intake.retry import retry_due

PREPARED = opening(indicted_on=None)
DELIVERED: tuple[Step, ...] = (
    ("transferred_to_follow_up", "2025-02-12", TRANSFER),
    ("dispatched", "2025-02-14", {"delivered": True}),
)


def arrived(service: Service, steps: Sequence[Step], **more: Any) -> tuple[File, str]:
    """A case to which these steps have been told in this order, each parked at most once."""
    file = File(service, **more)
    for step in steps:
        told = file.send(*step)
        assert told["outcome"] in ("applied", "parked"), told
    last = file.shown(steps[-1][0])
    for kind, *_ in steps:
        tries = file.shown(kind)["tries"]
        assert tries[-1]["receipt"]["outcome"] == "applied", (kind, [step[0] for step in steps], tries)
    return file, last["case_id"]


def told_once(service: Service, steps: Sequence[Step], **more: Any) -> tuple[Any, ...]:
    """The content of the case when each step is told in its turn."""
    file = File(service, **more)
    return without_ids(content_of(service, file.applied(*steps)))


def without_ids(content: tuple[Any, ...]) -> tuple[Any, ...]:
    """The content, the person left out: there is one of their own in every case here."""
    kept = [one if one[0] != "case_registered" else (one[0], one[1]) for one in content[0]]
    return kept, *content[1:]


def test_every_order_of_a_judgment_ends_in_the_same_case(served: Service) -> None:
    """What an order leads to is decided before the database: all of them on one, a sample on the other."""
    wanted = told_once(served, CHAIN)

    orders = sampled([*permutations(CHAIN)], 1 if served.is_on_sqlite else 7)
    assert len(orders) >= (120 if served.is_on_sqlite else 18)
    for order in orders:
        _, case = arrived(served, order)
        assert without_ids(content_of(served, case)) == wanted, [kind for kind, *_ in order]

    nothing_wrong(served)


def test_every_order_of_a_transfer_with_consents_and_delivery_ends_in_the_same_case(served: Service) -> None:
    about = {"opening": FOLLOW_UP, "opens_with": "transferred_to_follow_up"}
    wanted = told_once(served, DELIVERED, **about)
    assert wanted[1]["state"] == "received"

    for order in permutations(DELIVERED):
        _, case = arrived(served, order, **about)
        assert without_ids(content_of(served, case)) == wanted

    nothing_wrong(served)


APPEALS = [
    order
    for n, order in enumerate(permutations(APPEAL))
    if n % 337 == 0 and order.index(APPEAL[3]) < order.index(APPEAL[6])
]
"""Orders of a judgment under appeal in which the appeal is known before finality is told."""


def test_an_appeal_told_before_finality_ends_in_the_same_case_in_any_order(one: Service) -> None:
    """What an order leads to is decided before the database: every order of a judgment is tried on both of them."""
    wanted = told_once(one, APPEAL)
    assert len(APPEALS) > 50

    for order in APPEALS:
        _, case = arrived(one, order)
        assert without_ids(content_of(one, case)) == wanted, [kind for kind, *_ in order]


def test_a_judgment_under_appeal_starts_nothing(served: Service) -> None:
    file = File(served)
    case = file.applied(*APPEAL[:4])

    final, sent = file.sent(APPEAL[6], APPEAL[7])

    assert (final["outcome"], final["reason"]["code"]) == ("parked", "too_early")
    assert (sent["outcome"], sent["reason"]["code"]) == ("parked", "too_early")
    assert final["state_after"] == "appealed"
    assert [kind for kind, *_ in history(served, case)][-1] != "dispatched"
    options = coordinator(served).get(f"/v1/cases/{case}/options").json()["items"]
    started = {"received", "assigned", "plan_meeting_held", "dispatched", "became_final"}
    assert not [one["type"] for one in options if one["enabled"] and one["type"] in started]

    file.sent(*APPEAL[4:6])

    assert file.stands("became_final") == file.stands("dispatched") == "applied"


def test_finality_before_the_judgment_waits_for_it(served: Service) -> None:
    file = File(served)
    file.applied(CHAIN[0])

    final = file.send(*CHAIN[3])
    assert (final["outcome"], final["reason"]["code"]) == ("parked", "too_early")
    assert final["sender_should"]["code"] == "wait"

    file.applied(CHAIN[1])
    assert file.stands("became_final") == "applied"


def test_an_appeal_after_finality_waits_until_the_office_has_corrected_finality(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:4])
    appealed, referred = file.sent(*APPEAL[3:5])
    assert (appealed["outcome"], appealed["reason"]["code"]) == ("parked", "contradicts_state")
    assert (referred["outcome"], referred["reason"]["code"]) == ("parked", "contradicts_state")

    annul(served, case, "became_final")

    assert file.stands("appealed") == file.stands("appeal_referred") == "applied"
    assert "appealed" in [kind for kind, *_ in history(served, case)]


def annul(service: Service, case: str, kind: str) -> None:
    """The office finds that this never happened."""
    office = coordinator(service)
    listed = office.get(f"/v1/cases/{case}/events")
    seq = next(one["seq"] for one in listed.json()["items"] if one["type"] == kind)
    wish = {"seq": seq, "reason": "never_happened", "replacement": None}
    done = office.post(f"/v1/cases/{case}/corrections", wish, listed.headers["ETag"])
    assert done.status_code == 201, done.text


def test_a_judgment_for_a_case_that_is_not_known_waits_for_it(served: Service) -> None:
    file = File(served)

    judged = file.send(*CHAIN[1])

    assert (judged["outcome"], judged["reason"]["code"]) == ("parked", "unknown_case")
    assert judged["case"] is None
    assert judged["sender_should"]["code"] == "send_what_is_missing"
    file.applied(CHAIN[0])
    assert file.stands("judgment_given") == "applied"


def test_a_message_for_a_closed_case_waits_for_a_person(served: Service) -> None:
    file = File(served)
    file.applied(CHAIN[0], ("dropped", "2025-04-01", {}))

    judged = file.send(*CHAIN[1])

    assert (judged["outcome"], judged["reason"]["code"]) == ("parked", "contradicts_state")
    assert judged["unmet"][0]["code"] == "case_is_closed"
    assert judged["sender_should"]["code"] == "contact_the_office"


def test_a_message_for_a_closed_case_is_taken_by_a_new_one_on_its_number(served: Service) -> None:
    file = File(served)
    closed = file.applied(CHAIN[0], ("dropped", "2025-04-01", {}))
    file.send(*CHAIN[1])

    again = file.send(*CHAIN[0], decision_id=f"{file.number}-again")
    assert again["outcome"] == "duplicate"
    new = open_by_hand(served, file)
    record(served, new, ("suspect_set", "2025-01-20", {}), CHAIN[0])

    judged = file.shown("judgment_given")
    assert (judged["outcome"], judged["case_id"]) == ("applied", new)
    assert new != closed


def open_by_hand(service: Service, file: File, **changed: Any) -> str:
    """The office opens the case that the messages are about; its id."""
    said = {"guardians": [], **file.person}
    body = {
        "sanction": file.opening["sanction"],
        "occurred_on": file.opening["registered_on"],
        "konfliktrad": OFFICE,
        "person": said,
        "police_case_numbers": [file.number],
        "offences": file.opening["offences"],
    }
    done = coordinator(service).post("/v1/cases", body | changed)
    assert done.status_code == 201, done.text
    return str(done.json()["id"])


def record(service: Service, case: str, *steps: Step) -> None:
    """The coordinator records these steps."""
    for kind, on, details in steps:
        done = coordinator(service).record(case, kind, on, details)
        assert done.status_code == 201, f"{kind}: {done.text}"


def test_what_is_told_of_beforehand_waits_for_its_day(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:3])
    final = file.send("became_final", "2025-07-03")
    assert (final["outcome"], final["reason"]["code"]) == ("parked", "conditions_unmet")
    assert [no["code"] for no in final["unmet"]] == ["day_has_come"]

    def night(day: date) -> int:
        served.clock.turn_to(day, 1)
        return retry_due(served.db, served.app.state.keys, served.clock)["settled"]

    assert night(date(2025, 7, 2)) == 0
    assert night(date(2025, 7, 3)) == 1
    assert night(date(2025, 7, 3)) == 0
    assert file.stands("became_final") == "applied"
    assert history(served, case)[0][:2] == ("became_final", "2025-07-03")


def test_a_case_that_is_opened_by_a_message_told_beforehand_is_opened_on_its_day(served: Service) -> None:
    file = File(served)
    first = file.send("indicted", "2025-07-04", {"court_received_on": "2025-07-04"})
    assert (first["outcome"], first["reason"]["code"]) == ("parked", "conditions_unmet")
    assert [no["code"] for no in first["unmet"]] == ["day_has_come"]

    served.clock.turn_to(date(2025, 7, 4), 1)
    retry_due(served.db, served.app.state.keys, served.clock)

    assert file.stands("indicted") == "applied"


def test_what_is_delivered_before_the_day_it_is_dispatched_is_received_on_that_day(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:4])
    told = file.send("dispatched", "2025-07-02", {"delivered": True})
    assert told["outcome"] == "parked"

    served.clock.turn_to(date(2025, 7, 2))
    shown = file.shown("dispatched")
    done = receipt(coordinator(served).post(f"/v1/decisions/{shown['id']}/retry", {}))

    assert done["outcome"] == "applied"
    assert ("received", "2025-07-02", "{}") in history(served, case)


def test_a_message_on_another_number_of_the_case_is_tried_when_that_number_becomes_known(served: Service) -> None:
    file = File(served)
    file.applied(CHAIN[0])
    other = f"{file.number}9"
    early = file.send(*CHAIN[2], police_case_numbers=[other])
    assert early["reason"]["code"] == "unknown_case"

    file.send(*CHAIN[1], police_case_numbers=[file.number, other])

    assert file.stands("judgment_served") == "applied"
