"""T28: whatever the sector is told keeps the contract, in both variants, or says what it lacks."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.esas.contracts import complaints, schema
from tests.esas.test_status import ROWS
from ungdom.esas.outbound import (
    ASSIGNED,
    CODES,
    SIGNED,
    TRANSFERRED,
    VARIANTS,
    Employee,
    Incomplete,
    NoSuchStatus,
    Organisation,
    StatusFacts,
    StatusYouth,
    compose,
)
from ungdom.esas.receipt import ReceiptStatus, kvittering
from ungdom.esas.status import CLOSE, RESUME, STOP

COORDINATOR = Employee(
    family_name="Bekkesteinen", given_name="Ørliten Ærefull", title="Ungdomskoordinator", telephones=("77777777",)
)
WHOLE = StatusFacts(
    meldings_id="0d9b1b0e-7a1c-4a52-9d0e-5f3f4f9c1c01",
    sent_at=datetime(2025, 6, 3, 10, 0, tzinfo=UTC),
    own=Organisation(number="986074465", name="Konfliktrådet Oslo"),
    part=SIGNED,
    receiver=Organisation(number="983997953", name="Oslo politidistrikt"),
    police_case_number="16001234",
    sender=COORDINATOR,
    signed_on=date(2025, 6, 3),
    restorative_on=date(2025, 6, 20),
    coordinator=COORDINATOR,
    other_office=Organisation(number="986074465", name="Konfliktrådet Agder"),
    other_coordinator=Employee(family_name="Kongleklynge"),
    youth=StatusYouth(given_name="Prikkete", family_name="Lyngtue", national_id="17850998027"),
)

every_variant = pytest.mark.parametrize("variant", VARIANTS)
every_status = pytest.mark.parametrize(
    ("part", "code"), sorted({status for *_, told in ROWS for status in told}, key=str)
)


def sent(part: str, code: str | None = None, **told: Any) -> StatusFacts:
    return replace(WHOLE, part=part, code=code, **told)


def missing(told: StatusFacts, variant: str) -> tuple[str, ...]:
    with pytest.raises(Incomplete) as found:
        compose(told, variant)
    return found.value.missing


def contract(variant: str) -> str:
    return f"oppdatertSaksstatus {variant}"


@every_variant
@every_status
def test_what_an_event_tells_keeps_the_contract(part: str, code: str | None, variant: str) -> None:
    assert complaints(contract(variant), compose(sent(part, code), variant)) == []


@every_variant
@every_status
def test_the_least_there_can_be_keeps_the_contract_or_says_what_it_lacks(
    part: str, code: str | None, variant: str
) -> None:
    bare = sent(
        part,
        code,
        sender=None,
        signed_on=None,
        restorative_on=None,
        coordinator=None,
        other_office=None,
        other_coordinator=None,
        youth=None,
    )
    lacks = {
        ASSIGNED: ("coordinator_name",),
        SIGNED: ("signing_date",) if variant == "1.0" else ("signing_date", "restorative_meeting_date"),
        TRANSFERRED: ("other_office", "other_coordinator_name"),
    }

    if part in lacks:
        assert missing(bare, variant) == lacks[part]
    else:
        assert complaints(contract(variant), compose(bare, variant)) == []


def test_the_message_stands_in_the_contracts_own_order() -> None:
    assert compose(sent(CLOSE, "FULLFOERT"), "1.0") == {
        "forsendelse": {
            "meldingsId": "0d9b1b0e-7a1c-4a52-9d0e-5f3f4f9c1c01",
            "sendtTid": "2025-06-03T12:00:00+02:00",
            "avsender": {
                "organisasjon": {"organisasjonsnummer": "986074465", "navn": "Konfliktrådet Oslo"},
                "person": {
                    "tittel": "Ungdomskoordinator",
                    "fornavn": "Ørliten Ærefull",
                    "etternavn": "Bekkesteinen",
                    "kontakt": {"telefonnummer": ["77777777"]},
                },
            },
            "mottakerOrganisasjon": {"organisasjonsnummer": "983997953", "navn": "Oslo politidistrikt"},
        },
        "straffesaksnummer": "16001234",
        "statusOppdatering": {"ungdomsreaksjonStatus": {"avsluttetUngdomsreaksjon": {"aarsak": "FULLFOERT"}}},
        "siktet": {
            "navn": {"fornavn": "Prikkete", "etternavn": "Lyngtue"},
            "identitetsnummer": {"foedselsnummer": "17850998027"},
        },
    }


def test_the_variants_differ_in_the_restorative_meeting() -> None:
    late = sent(SIGNED, restorative_on=None)
    signed = {"ungdomsreaksjonStatus": {"ungdomsplanSignert": {"datoSignering": "2025-06-03"}}}

    assert compose(late, "1.0")["statusOppdatering"] == signed
    assert compose(sent(SIGNED), "1.0")["statusOppdatering"] == signed
    assert missing(late, "maven") == ("restorative_meeting_date",)
    assert compose(sent(SIGNED), "maven")["statusOppdatering"]["ungdomsreaksjonStatus"][SIGNED] == {
        "datoSignering": "2025-06-03",
        "datoGjenopprettendeMoete": "2025-06-20",
    }


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (STOP, "stansUngdomsreaksjonType"),
        (RESUME, "oppstartEtterStansUngdomsreaksjonType"),
        (CLOSE, "avsluttetUngdomsreaksjonType"),
    ],
)
def test_the_codes_are_those_of_the_contract(part: str, name: str) -> None:
    assert set(schema(contract("maven"))["definitions"][name]["enum"]) == CODES[part]


@every_variant
@pytest.mark.parametrize(
    ("told", "lacks"),
    [
        ({"police_case_number": None}, ("police_case_number",)),
        ({"police_case_number": "12"}, ("police_case_number",)),
        ({"police_case_number": "1" * 31}, ("police_case_number",)),
        ({"receiver": None}, ("receiver",)),
        ({"receiver": Organisation(number="98399795", name="Oslo politidistrikt")}, ("receiver",)),
        ({"receiver": Organisation(number="983997953", name=" ")}, ("receiver",)),
        ({"own": Organisation(number="", name="Konfliktrådet Oslo")}, ("own_organisation",)),
        ({"youth": StatusYouth(family_name=None, national_id="17850998027")}, ("family_name",)),
        ({"youth": StatusYouth(family_name=" ", national_id="17850998027")}, ("family_name",)),
        ({"receiver": None, "police_case_number": None}, ("receiver", "police_case_number")),
    ],
)
def test_what_is_missing_is_told_all_at_once(told: dict[str, Any], lacks: tuple[str, ...], variant: str) -> None:
    assert missing(sent(CLOSE, "FULLFOERT", **told), variant) == lacks


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("17850998027", {"foedselsnummer": "17850998027"}),
        ("178509 98027", {"foedselsnummer": "17850998027"}),
        ("17850998028", {"foedselsnummer": "17850998028"}),  # fails the check: the sector knows it so
        ("64810986989", {"dNummer": "64810986989"}),
        ("17250900000", {"sspNummer": "17250900000"}),  # month + 20, control digits wrong: no real number stands here
        ("1785099802", None),
        ("", None),
        (None, None),
    ],
)
def test_the_youth_is_named_by_a_number_of_its_kind_or_not_at_all(
    number: str | None, told: dict[str, str] | None
) -> None:
    message = compose(sent(CLOSE, "FULLFOERT", youth=StatusYouth(family_name="Lyngtue", national_id=number)), "1.0")

    assert message.get("siktet", {}).get("identitetsnummer") == told
    assert complaints(contract("1.0"), message) == []


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (datetime(2025, 1, 15, 11, 0, tzinfo=UTC), "2025-01-15T12:00:00+01:00"),
        (datetime(2025, 7, 15, 11, 0, tzinfo=UTC), "2025-07-15T13:00:00+02:00"),
        (datetime(2025, 3, 30, 0, 59, 59, tzinfo=UTC), "2025-03-30T01:59:59+01:00"),
        (datetime(2025, 3, 30, 1, 0, tzinfo=UTC), "2025-03-30T03:00:00+02:00"),
        (datetime(2025, 10, 26, 0, 30, tzinfo=UTC), "2025-10-26T02:30:00+02:00"),
        (datetime(2025, 10, 26, 1, 30, tzinfo=UTC), "2025-10-26T02:30:00+01:00"),
        (datetime(2025, 7, 15, 6, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=-5))), "2025-07-15T13:00:00+02:00"),
    ],
)
def test_the_hour_is_oslos_with_oslos_offset(at: datetime, told: str) -> None:
    assert compose(replace(WHOLE, sent_at=at), "1.0")["forsendelse"]["sendtTid"] == told


def test_telephones_that_are_none_are_left_out_and_none_at_all_is_an_empty_list() -> None:
    odd = replace(
        COORDINATOR, telephones=("", " ", "1" * 31, " 77 77 77 77 "), email="koordinator@konfliktraadet.example"
    )
    message = compose(sent(ASSIGNED, coordinator=odd, sender=Employee(family_name="X")), "1.0")

    assert message["statusOppdatering"]["ungdomsreaksjonStatus"][ASSIGNED]["kontakt"] == {
        "epost": "koordinator@konfliktraadet.example",
        "telefonnummer": ["77 77 77 77"],
    }
    assert message["forsendelse"]["avsender"]["person"] == {"etternavn": "X", "kontakt": {"telefonnummer": []}}


@pytest.mark.parametrize(
    ("part", "code", "variant"),
    [
        (CLOSE, "FULLFOERT", "2.0"),
        (CLOSE, None, "1.0"),
        (CLOSE, "BRUDD_PGA_VILKÅR", "1.0"),
        (ASSIGNED, "FULLFOERT", "1.0"),
        ("tildeltMekler", None, "1.0"),
    ],
)
def test_what_the_contract_does_not_have_is_an_error(part: str, code: str | None, variant: str) -> None:
    with pytest.raises(NoSuchStatus):
        compose(sent(part, code), variant)


text = st.text(max_size=40)
employees = st.none() | st.builds(
    Employee,
    family_name=text,
    given_name=st.none() | text,
    title=st.none() | text,
    telephones=st.lists(text, max_size=3).map(tuple),
)
organisations = st.builds(Organisation, number=st.just("986074465") | text, name=text)
days = st.none() | st.dates()


@given(
    told=st.builds(
        StatusFacts,
        meldings_id=text,
        sent_at=st.integers(0, 3_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
        own=organisations,
        part=st.just(SIGNED),
        receiver=st.none() | organisations,
        police_case_number=st.none() | text,
        sender=employees,
        signed_on=days,
        restorative_on=days,
        coordinator=employees,
        other_office=st.none() | organisations,
        other_coordinator=employees,
        youth=st.none() | st.builds(StatusYouth, family_name=st.none() | text, national_id=st.none() | text),
    ),
    status=st.sampled_from(sorted({(part, code) for part, codes in CODES.items() for code in codes}, key=str)),
    variant=st.sampled_from(VARIANTS),
)
def test_whatever_is_told_keeps_the_contract_or_is_incomplete(
    told: StatusFacts, status: tuple[str, str | None], variant: str
) -> None:
    message: dict[str, Any] | None = None
    lacks: tuple[str, ...] = ()
    try:
        message = compose(replace(told, part=status[0], code=status[1]), variant)
    except Incomplete as error:
        lacks = error.missing

    assert (message is None) is bool(lacks)
    assert message is None or complaints(contract(variant), message) == []


# --- receipts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ReceiptStatus)
@pytest.mark.parametrize("description", [None, "", "Mangler fødselsdato"])
def test_a_receipt_keeps_the_contract(status: ReceiptStatus, description: str | None) -> None:
    message = kvittering("our-id", "their-id", status, description)

    assert complaints("KVITTERING", message) == []
    assert message["meldingsIdRef"] == "their-id"
    assert ("beskrivelse" in message) is bool(description)


def test_the_statuses_are_those_of_the_contract() -> None:
    assert list(ReceiptStatus) == schema("KVITTERING")["definitions"]["StatusType"]["enum"]
