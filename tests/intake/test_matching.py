"""Which case a message is about: the person and the police case number together, never the number alone."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.api.test_statements import statements
from tests.intake.build import (
    BORN,
    CHAIN,
    File,
    Told,
    case_of,
    coordinator,
    history,
    identities,
    person,
    receipt,
    system,
)
from tests.intake.test_order import annul, open_by_hand, record
from tests.service import Service
from ungdom.intake.identity import Likeness, compare_parts, normalised_name, weighed_likeness
from ungdom.message import Person as Said
from ungdom.store import person_erasure
from ungdom.store.people import StoredPerson
from ungdom.store.personalia import Personalia
from ungdom.workflow.case import Youth
from ungdom.workflow.vocabulary import Protection

SERVED = CHAIN[2]
DAY, OTHER_DAY = datetime(2008, 3, 12, tzinfo=UTC).date(), datetime(2008, 3, 21, tzinfo=UTC).date()
ONE, ANOTHER = next(identities(BORN)), next(identities(BORN))


def known(born: Any = DAY, **told: Any) -> StoredPerson:
    """Somebody who is known here."""
    at = datetime(2025, 1, 1, tzinfo=UTC)
    return StoredPerson(
        person_id=UUID(int=1),
        personalia=Personalia(**told) if told else None,
        youth=Youth(born, 1),
        version=1,
        protection=Protection.NONE,
        created_at=at,
        updated_at=at,
    )


def said(born: Any = DAY, **told: Any) -> Said:
    return Said(born=born, **({"family_name": "Fiskegrateng"} | told))


RUTETE = {"given_name": "Rutete", "family_name": "Fiskegrateng"}


@pytest.mark.parametrize(
    ("told", "here"),
    [
        ({"national_id": ONE}, RUTETE | {"national_id": ONE}),
        (RUTETE, RUTETE),
        (RUTETE, RUTETE | {"national_id": ONE}),
        (RUTETE | {"national_id": ONE}, RUTETE),
        (RUTETE | {"family_name": "FISKE-GRATENG"}, RUTETE | {"family_name": "fiske grateng"}),
        (RUTETE | {"family_name": "O'Fiskegrat"}, RUTETE | {"family_name": "Ofiskegrat"}),
        (RUTETE | {"family_name": "O\u00b4Fiskegrat"}, RUTETE | {"family_name": "O\u2018Fiskegrat"}),
        (RUTETE | {"family_name": "Håår"}, RUTETE | {"family_name": "Haaaar"}),
        (RUTETE | {"family_name": "Øvre Ånneland"}, RUTETE | {"family_name": "Aanneland-Oevre"}),
        (RUTETE | {"given_name": "Rutete Lodden", "family_name": "Kål"}, RUTETE | {"family_name": "Lodden Kål"}),
        (RUTETE | {"given_name": "Rénée"}, RUTETE | {"given_name": "Renee"}),
        (RUTETE | {"given_name": "Re\u0301ne\u0301e"}, RUTETE | {"given_name": "Rénée"}),
        (RUTETE | {"given_name": "Rutete Lodden"}, RUTETE),
        (RUTETE, RUTETE | {"given_name": "Rutete Lodden Stripete"}),
        (RUTETE | {"given_name": "  Rutete   "}, RUTETE),
        (RUTETE | {"family_name": "Fiskegrateng\u3164"}, RUTETE),
        (RUTETE, RUTETE | {"given_name": "Ru\ufe0ftete"}),
    ],
)
def test_one_person_told_of_in_two_ways_is_one_person(told: Told, here: Told) -> None:
    assert weighed_likeness(compare_parts(said(**told), known(**here)), confirmed=False) is Likeness.SAME
    assert weighed_likeness(compare_parts(said(**told), known(**here)), confirmed=True) is Likeness.SAME


@pytest.mark.parametrize(
    ("born", "told", "here"),
    [
        (DAY, RUTETE | {"national_id": ONE}, RUTETE | {"national_id": ANOTHER}),
        (DAY, RUTETE | {"given_name": "Lodden", "national_id": ONE}, RUTETE | {"national_id": ANOTHER}),
        (OTHER_DAY, RUTETE | {"national_id": ONE}, RUTETE | {"national_id": ONE}),
        (OTHER_DAY, RUTETE, RUTETE),
        (DAY, {}, {"family_name": "Fiskegrateng"}),
        (DAY, {}, RUTETE),
        (DAY, RUTETE, {}),
        (DAY, {"family_name": "Vaffelpresse", "national_id": ONE}, RUTETE | {"national_id": ONE}),
        (DAY, RUTETE | {"given_name": "Lodden"}, RUTETE),
        (DAY, RUTETE | {"family_name": "Vaffelpresse"}, RUTETE),
        (DAY, {"given_name": "Fiskegrateng", "family_name": "Rutete"}, RUTETE),
    ],
    ids=[
        "other number",
        "twin",
        "other birth",
        "other birth, name",
        "no given name",
        "family name only",
        "erased",
        "other family name, same number",
        "given name",
        "family name",
        "swapped",
    ],
)
def test_a_person_told_of_who_agrees_only_in_part_contradicts(born: Any, told: Told, here: Told) -> None:
    assert weighed_likeness(compare_parts(said(born, **told), known(**here)), confirmed=True) is Likeness.CONTRADICTS


@pytest.mark.parametrize(
    ("born", "told", "here"),
    [
        (DAY, {"family_name": "Vaffelpresse", "national_id": ONE}, RUTETE | {"national_id": ANOTHER}),
        (OTHER_DAY, RUTETE | {"family_name": "Vaffelpresse"}, RUTETE),
        (OTHER_DAY, RUTETE, {}),
    ],
    ids=["co-accused", "stranger", "erased, other birth"],
)
def test_somebody_else_on_the_same_number_is_somebody_else(born: Any, told: Told, here: Told) -> None:
    assert weighed_likeness(compare_parts(said(born, **told), known(**here)), confirmed=True) is Likeness.OTHER


@pytest.mark.parametrize(
    ("told", "here"),
    [
        (RUTETE | {"given_name": "Lodden"}, RUTETE),
        (RUTETE | {"family_name": "Vaffelpresse"}, RUTETE),
        (RUTETE | {"given_name": "Lodden", "national_id": ONE}, RUTETE | {"national_id": ANOTHER}),
    ],
    ids=["given name", "family name", "twin"],
)
def test_one_name_and_the_day_are_a_question_and_hold_up_nothing(told: Told, here: Told) -> None:
    assert weighed_likeness(compare_parts(said(**told), known(**here)), confirmed=False) is Likeness.RESEMBLES


@pytest.mark.parametrize("blank", ["\u3164", "\u1160", "\u115f", "\uffa0", "\u2800"])
def test_a_name_of_letters_that_are_drawn_as_nothing_is_no_name(blank: str) -> None:
    nameless = {"given_name": blank, "family_name": blank}
    assert normalised_name(blank) == ""
    assert weighed_likeness(compare_parts(said(**nameless), known(**nameless)), confirmed=False) is not Likeness.SAME


# --- over HTTP ------------------------------------------------------------------------------------------------


def why(told: Told) -> tuple[str, str]:
    return told["outcome"], told["reason"]["code"]


def test_the_person_of_a_message_that_opens_a_case_is_compared_once(served: Service) -> None:
    file = File(served)
    with statements() as executed:
        told = file.send(*CHAIN[0])

    assert (told["outcome"], [remark["code"] for remark in told["remarks"]][:1]) == ("applied", ["case_opened"])
    assert len([one for one in executed if "number_hash IN" in one]) == 1


def test_a_number_alone_is_never_enough(served: Service) -> None:
    file = File(served)
    file.applied(*CHAIN[:2])

    told = file.send(*SERVED, person=None)

    assert why(told) == ("parked", "person_missing")
    assert told["case"] is None
    assert told["sender_should"]["code"] == "send_higher_version"
    again = file.send(*SERVED, version=2)
    assert again["outcome"] == "applied"
    assert file.stands("judgment_served") == ("superseded", "lower_version")


def test_a_co_accused_on_the_same_number_has_a_case_of_their_own(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:2])
    other = File(served, person=person(given_name="Lodden", family_name="Vaffelpresse"), number=file.number)

    assert why(other.send(*SERVED, decision_id="other-served")) == ("parked", "unknown_case")
    opened = other.send(*CHAIN[0], decision_id="other-indicted")

    assert opened["outcome"] == "applied"
    assert opened["case"]["id"] != case
    assert "judgment_served" not in [kind for kind, *_ in history(served, case)]


def test_name_and_day_of_birth_are_enough_where_there_is_no_identity_number(served: Service) -> None:
    file = File(served, person=person(national_id=None))
    file.applied(*CHAIN[:2])

    spelled = file.person | {"family_name": "FISKEGRÀTENG", "given_name": "Rutete Lodden"}

    assert file.send(*SERVED, person=spelled)["outcome"] == "applied"


def test_a_d_number_that_became_a_birth_number_is_looked_at_by_a_person(served: Service) -> None:
    number = next(identities(BORN))
    file = File(served, person=person(national_id=f"{int(number[0]) + 4}{number[1:]}"))
    case = file.applied(*CHAIN[:2])

    told = file.send(*SERVED, person=file.person | {"national_id": number})
    assert why(told) == ("parked", "person_contradicts")

    shown = file.shown("judgment_served")
    named = receipt(coordinator(served).post(f"/v1/decisions/{shown['id']}/retry", {"case": case}))
    assert (named["outcome"], named["case"]["id"]) == ("applied", case)
    later = file.send(SERVED[0], "2025-04-25", version=2, person=file.person | {"national_id": number})
    assert later["outcome"] == "applied", "the office has told that this is who the case is about"


def test_a_case_of_somebody_who_is_erased_takes_no_message(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:2])
    erased = UUID(case_person(served, case))
    with served.db.writing() as tx:
        person_erasure.erase_records(tx, served.app.state.keys, [erased], served.clock())

    assert why(file.send(*SERVED)) == ("parked", "person_contradicts")


def case_person(service: Service, case: str) -> str:
    items = coordinator(service).get(f"/v1/cases/{case}/events").json()["items"]
    return str(items[0]["details"]["person"])


def test_two_open_cases_are_told_apart_by_the_office(served: Service) -> None:
    file = File(served)
    open_by_hand(served, file)
    second = open_by_hand(served, file)
    record(served, second, ("suspect_set", "2025-01-20", {}))

    told = file.send(*CHAIN[0], opening=None)
    assert why(told) == ("parked", "ambiguous_case")
    assert told["case"] is None

    shown = coordinator(served).get("/v1/decisions", outcome="parked").json()["items"]
    assert [one["decision_id"] for one in shown] == [told["decision_id"]], "the office that has both cases sees it"
    named = receipt(coordinator(served).post(f"/v1/decisions/{shown[0]['id']}/retry", {"case": second}))
    assert (named["outcome"], named["case"]["id"]) == ("applied", second)


def test_what_the_office_has_named_is_kept_while_the_message_waits(served: Service) -> None:
    file = File(served)
    open_by_hand(served, file)
    second = open_by_hand(served, file)
    told = file.send(*CHAIN[0], opening=None)

    named = receipt(coordinator(served).post(f"/v1/decisions/{told['id']}/retry", {"case": second}))
    assert why(named) == ("parked", "too_early")
    record(served, second, ("suspect_set", "2025-01-20", {}))

    shown = file.shown("indicted")
    assert (shown["outcome"], shown["case_id"]) == ("applied", second)


def test_two_open_cases_are_one_when_the_other_is_closed(served: Service) -> None:
    file = File(served)
    first, second = open_by_hand(served, file), open_by_hand(served, file)
    record(served, second, ("suspect_set", "2025-01-20", {}))
    assert why(file.send(*CHAIN[0], opening=None)) == ("parked", "ambiguous_case")

    record(served, first, ("other_outcome", "2025-02-01", {"outcome": "dropped"}))

    shown = file.shown("indicted")
    assert (shown["outcome"], shown["case_id"]) == ("applied", second)


def test_of_an_open_and_a_closed_case_the_open_one_is_meant(served: Service) -> None:
    file = File(served)
    closed, meant = open_by_hand(served, file), open_by_hand(served, file)
    record(served, closed, ("other_outcome", "2025-02-01", {"outcome": "dropped"}))
    record(served, meant, ("suspect_set", "2025-01-20", {}))

    assert file.send(*CHAIN[0], opening=None)["case"]["id"] == meant


def test_a_new_charge_is_taken_by_the_open_case_of_its_person(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN)
    record(served, case, ("received", "2025-05-14", {}))
    about = {"police_case_numbers": [f"{file.number}77"]}

    charged = file.send("new_charge", "2025-06-03", {"offence_on": "2025-06-01"}, **about)

    assert (charged["outcome"], charged["case"]["id"]) == ("applied", case)
    assert [one["type"] for one in charged["events"]] == ["new_offence_recorded"]
    ended = file.send("dropped", "2025-06-20", **about)
    assert (ended["outcome"], ended["case"]["id"], ended["events"]) == ("applied", case, [])
    assert [one["code"] for one in ended["remarks"]] == ["kept_on_person"]
    assert case_of(served, case)["state"] == "received"


def test_a_new_charge_of_somebody_without_an_open_case_is_kept_on_them(served: Service) -> None:
    file = File(served)
    file.applied(CHAIN[0], ("dropped", "2025-04-01", {}))

    charged = file.send(
        "new_charge", "2025-06-03", {"offence_on": "2025-06-01"}, police_case_numbers=[f"{file.number}77"]
    )

    assert (charged["outcome"], charged["case"]) == ("applied", None)
    assert [one["code"] for one in charged["remarks"]] == ["kept_on_person"]


def test_a_message_may_refer_to_a_decision_instead_of_telling_of_the_person(served: Service) -> None:
    file = File(served)
    about = {"person": None, "refers_to": f"{file.number}-person_investigation_ordered"}
    returned = ("person_investigation_returned", "2025-02-21", {"carried_out": True})
    assert why(file.send(*returned, **about)) == ("parked", "unknown_reference")

    file.applied(("indicted", "2025-03-03", CHAIN[0][2]))
    file.send("person_investigation_ordered", "2025-01-24", {"wished_by": "2025-02-20"})

    assert file.stands("person_investigation_returned") == "applied"
    odd = file.send(*returned, **about, decision_id="odd", police_case_numbers=["99999999"])
    assert why(odd) == ("parked", "number_contradicts")


def test_an_address_that_the_message_tells_to_keep_close_is_kept_so(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:2])
    assert coordinator(served).get(f"/v1/cases/{case}").status_code == 200

    file.send(*SERVED, person=file.person | {"protection": "strictly_confidential"})

    assert coordinator(served).get(f"/v1/cases/{case}").status_code == 404
    assert case_of(served, case)["state"] == "judged"


def test_another_system_does_not_take_over_a_decision(served: Service) -> None:
    file = File(served)
    case = file.applied(*CHAIN[:4])
    other = File(served, person=file.person, number=file.number, client=system(served, "another"))

    told = other.send("became_final", "2025-05-12", version=1)

    assert why(told) == ("parked", "recorded_otherwise")
    annul(served, case, "became_final")
    assert other.stands("became_final") == "applied"
