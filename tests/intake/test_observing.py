"""What is told of a known person beside their cases is observed: once, corrected, taken back, in whatever order."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from tests.intake.build import CHAIN, File, Told, case_of, coordinator, person, system
from tests.intake.test_order import open_by_hand, record
from tests.service import Service
from ungdom.store import observations
from ungdom.store.schema.observations import observation

CLOSED = (CHAIN[0], ("dropped", "2025-04-01", {}))
OFFENCE: Told = {"offence_on": "2025-06-01"}
CHARGE = ("new_charge", "2025-06-03", OFFENCE)


def tellings(service: Service) -> list[tuple[Any, ...]]:
    """Every telling of every observation: which one it is of, its number, kind, day, day of the act, withdrawn."""
    query = select(observation).order_by(observation.c.recorded_at, observation.c.n)
    with service.db.reading() as tx:
        found = tx.execute(query).all()
    ids = list(dict.fromkeys(row.observation_id for row in found))
    return [
        (
            ids.index(row.observation_id),
            row.n,
            str(row.kind),
            str(row.occurred_on),
            _text(row.offence_on),
            row.withdrawn,
        )
        for row in found
    ]


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def matters(service: Service) -> int:
    """How many matters the observations are about."""
    with service.db.reading() as tx:
        return len(set(tx.scalars(select(observation.c.matter_id))))


def remarks(receipt: Told) -> list[str]:
    return [one["code"] for one in receipt["remarks"]]


def after_the_case(service: Service) -> tuple[File, dict[str, Any]]:
    """Somebody whose case is closed, and the number of a new matter."""
    file = File(service)
    file.applied(*CLOSED)
    return file, {"police_case_numbers": [f"{file.number}77"]}


def test_a_charge_of_somebody_whose_case_is_closed_is_observed_once(served: Service) -> None:
    file, about = after_the_case(served)
    first = file.send(*CHARGE, **about)
    assert (first["outcome"], first["case"], remarks(first)) == ("applied", None, ["kept_on_person"])
    assert file.send(*CHARGE, **about) == first
    assert tellings(served) == [(0, 1, "charge", "2025-06-03", "2025-06-01", False)]


def test_a_higher_version_corrects_it_and_one_that_says_the_same_adds_nothing(served: Service) -> None:
    file, about = after_the_case(served)
    file.send(*CHARGE, **about)
    later = (CHARGE[0], "2025-06-10", {"offence_on": "2025-06-02"})
    assert file.send(*later, version=2, **about)["outcome"] == "applied"
    file.send(*later, version=3, **about)
    assert file.send(*CHARGE, version=3, **about)["outcome"] == "rejected"
    assert tellings(served) == [
        (0, 1, "charge", "2025-06-03", "2025-06-01", False),
        (0, 2, "charge", "2025-06-10", "2025-06-02", False),
    ]


def test_a_version_that_comes_before_the_lower_one_waits_for_it(one: Service) -> None:
    file, about = after_the_case(one)
    later = file.send(CHARGE[0], "2025-06-10", OFFENCE, version=2, **about)
    assert later["reason"]["code"] == "version_gap"
    assert tellings(one) == []
    file.send(*CHARGE, **about)
    assert [row[1:4] for row in tellings(one)] == [(1, "charge", "2025-06-03"), (2, "charge", "2025-06-10")]


@pytest.mark.parametrize(
    ("kind", "terms", "observed"),
    [
        ("dropped", {}, "dropped"),
        ("acquitted", {}, "acquitted"),
        ("other_outcome", {"outcome": "prison"}, "final_decision"),
        ("other_outcome", {"outcome": "dropped"}, "dropped"),
        ("new_offence_decided", {"decision": "final_decision", "decided_on": "2025-06-20"}, "final_decision"),
    ],
)
@pytest.mark.parametrize("charge_first", [True, False])
def test_what_ends_a_charge_belongs_to_it_in_either_order(
    one: Service, kind: str, terms: Told, observed: str, charge_first: bool
) -> None:
    file, about = after_the_case(one)
    steps = [(*CHARGE, "first"), (kind, "2025-06-20", terms, "second")]
    for step in steps if charge_first else reversed(steps):
        assert file.send(*step[:3], decision_id=step[3], **about)["outcome"] == "applied"
    assert {row[2] for row in tellings(one)} == {"charge", observed}
    assert matters(one) == 1
    if charge_first:
        assert {row[4] for row in tellings(one)} == {"2025-06-01"}  # the day of the act is known from the charge


def test_two_matters_are_two(one: Service) -> None:
    file, about = after_the_case(one)
    file.send(*CHARGE, **about)
    file.send(*CHARGE, decision_id="another", police_case_numbers=[f"{file.number}78"])
    assert matters(one) == 2


def test_a_simplified_fine_is_told_as_one(one: Service) -> None:
    file, about = after_the_case(one)
    file.send("other_outcome", "2025-06-20", {"outcome": "fine", "simplified_fine": True} | OFFENCE, **about)
    with one.db.reading() as tx:
        assert tx.scalars(select(observation.c.simplified_fine)).all() == [True]


def test_a_charge_told_by_the_number_of_the_closed_case_is_observed_and_changes_nothing(served: Service) -> None:
    file, _ = after_the_case(served)
    told = file.send(*CHARGE)
    assert (told["outcome"], remarks(told), told["events"]) == ("applied", ["kept_on_person"], [])
    assert case_of(served, told["case"]["id"])["state"] == "other_decision"
    assert len(tellings(served)) == 1


@pytest.mark.parametrize(("decided", "outcome"), [("2025-06-20", "applied"), ("2025-03-20", "parked")])
def test_a_decision_told_by_the_number_of_the_case_is_observed_if_it_was_made_after_the_closing(
    one: Service, decided: str, outcome: str
) -> None:
    file, _ = after_the_case(one)
    told = file.send("new_offence_decided", "2025-06-21", {"decision": "joint_sentence", "decided_on": decided})
    assert told["outcome"] == outcome
    assert [row[3] for row in tellings(one)] == ([decided] if outcome == "applied" else [])


def test_what_ends_a_charge_that_the_open_case_holds_is_observed_with_the_act_of_that_charge(one: Service) -> None:
    file = File(one)
    case = file.applied(*CHAIN)
    record(one, case, ("received", "2025-05-14", {}))
    about = {"police_case_numbers": [f"{file.number}77"]}
    assert file.send(*CHARGE, **about)["events"][0]["type"] == "new_offence_recorded"
    assert tellings(one) == []
    file.send("dropped", "2025-06-20", **about)
    assert tellings(one) == [(0, 1, "dropped", "2025-06-20", "2025-06-01", False)]


def test_of_somebody_with_an_open_case_what_is_not_known_waits_as_before(one: Service) -> None:
    file = File(one)
    file.applied(*CHAIN)
    told = file.send("other_outcome", "2025-06-20", {"outcome": "prison"}, police_case_numbers=[f"{file.number}77"])
    assert (told["outcome"], told["reason"]["code"]) == ("parked", "unknown_case")
    assert tellings(one) == []


def test_of_somebody_who_is_not_known_nothing_is_observed(one: Service) -> None:
    file = File(one, person=person(given_name="Lodden"))
    told = file.send(*CHARGE)
    assert (told["outcome"], told["reason"]["code"]) == ("parked", "unknown_case")
    assert tellings(one) == []


def test_a_judgment_on_a_youth_sanction_is_never_only_observed(one: Service) -> None:
    file, about = after_the_case(one)
    told = file.send(*CHAIN[1], **about)
    assert (told["outcome"], told["reason"]["code"]) == ("parked", "unknown_case")


def test_an_outcome_that_turns_out_to_be_of_a_new_case_moves_that_case_and_is_taken_back(served: Service) -> None:
    file, about = after_the_case(served)
    new = File(served, person=file.person, client=file.client, number=about["police_case_numbers"][0])
    assert new.send("other_outcome", "2025-06-20", {"outcome": "prison"})["outcome"] == "applied"
    assert [row[2] for row in tellings(served)] == ["final_decision"]

    case = open_by_hand(served, new)

    assert new.shown("other_outcome")["case_id"] == case
    assert case_of(served, case)["state"] == "other_decision"
    assert [row[-1] for row in tellings(served)] == [False, True]


def test_what_was_known_before_a_correction_can_still_be_read(one: Service) -> None:
    file, about = after_the_case(one)
    file.send(*CHARGE, **about)
    before = one.clock()
    file.send(CHARGE[0], "2025-06-10", OFFENCE, version=2, **about)
    with one.db.reading() as tx:
        who = tx.scalars(select(observation.c.person_id)).all()[:1]
        then = observations.of_people(tx, who, before)[who[0]]
        now = observations.of_people(tx, who)[who[0]]
        never = observations.of_people(tx, who, datetime(2020, 1, 1, tzinfo=UTC))
    assert [str(seen.occurred_on) for seen in (*then, *now)] == ["2025-06-03", "2025-06-10"]
    assert never == {}


def test_another_system_may_decide_what_the_first_one_charged(one: Service) -> None:
    """It handles no case of the person, and learns nothing until the office has pointed the case out."""
    file, about = after_the_case(one)
    file.send(*CHARGE, **about)
    other = File(one, person=file.person, number=file.number, client=system(one, "another"))
    told = other.send("other_outcome", "2025-06-20", {"outcome": "prison"}, **about)
    assert (told["outcome"], told["reason"]["code"], told["case"]) == ("parked", "unknown_case", None)
    assert matters(one) == 1

    case = {"case": file.shown("indicted")["case_id"]}
    settled = coordinator(one).post(f"/v1/decisions/{told['id']}/retry", case).json()
    assert (settled["outcome"], remarks(settled)) == ("applied", ["kept_on_person"])
    assert len(tellings(one)) == 2
    assert matters(one) == 1


def test_a_row_is_never_changed_or_removed(served: Service) -> None:
    file, about = after_the_case(served)
    file.send(*CHARGE, **about)
    for wish in (delete(observation), update(observation).values(withdrawn=True)):
        with pytest.raises(DBAPIError), served.db.writing() as tx:
            tx.execute(wish)
    assert len(tellings(served)) == 1
