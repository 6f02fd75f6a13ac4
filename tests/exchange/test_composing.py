"""What a message says: of the right case, to the right partner, and nothing of what must not be told."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.exchange import world
from tests.exchange.world import Told, case, correct, over_http, partner, write
from ungdom.exchange import partners as files
from ungdom.exchange.outbound_compose import ComposedMessage, NotSendable, compose
from ungdom.exchange.partners import Partners
from ungdom.store import outbox, person_erasure
from ungdom.store import staff as staff_store
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.journal import StoredCase
from ungdom.store.outbox import OutboxMessage
from ungdom.store.personalia import Personalia
from ungdom.store.schema.cases import NumberKind
from ungdom.store.session import Database
from ungdom.store.staff import Staff
from ungdom.workflow import payloads as d
from ungdom.workflow.events import Replacement
from ungdom.workflow.vocabulary import EventType, Protection, Role

E = EventType
HERE = over_http("http://127.0.0.1:1/inn")
NOW = world.later()
SIGNED = (world.ASSIGNED, world.PLAN_HELD, world.SIGNED)


@pytest.fixture
def known(tmp_path: Path) -> Partners:
    return files.load(write(tmp_path, partner("oslo", HERE)))


@pytest.fixture
def maven(tmp_path: Path) -> Partners:
    return files.load(write(tmp_path, partner("oslo", HERE, "maven")))


def letter(db: Database, known: Partners, stored: StoredCase, kind: EventType, nth: int = 0) -> ComposedMessage:
    """The message of the nth event of that type."""
    event = [event for event in stored.events if event.type is kind][nth]
    message = outbox.event_message(stored.case_id, event, "esas.status")
    with db.reading() as tx:
        found = outbox.find(tx, message.message_id)
        assert found is not None
        return compose(tx, world.KEYS, known, found, NOW.instant)


def body(db: Database, known: Partners, stored: StoredCase, kind: EventType, nth: int = 0) -> dict[str, Any]:
    found = letter(db, known, stored, kind, nth).body
    world.keeps("oppdatertSaksstatus 1.0", found)
    return found


def status_of(found: dict[str, Any]) -> Any:
    return found["statusOppdatering"]["ungdomsreaksjonStatus"]


def held(db: Database, known: Partners, stored: StoredCase, kind: EventType) -> str:
    with pytest.raises(NotSendable) as caught:
        letter(db, known, stored, kind)
    return caught.value.code


# --- what is told -------------------------------------------------------------------------------------------


def test_the_assignment_is_told_in_full(db: Database, known: Partners) -> None:
    stored = case(db, Told(SIGNED))
    message = outbox.event_message(stored.case_id, stored.events[5], "esas.status")
    kari = {
        "tittel": "Ungdomskoordinator",
        "fornavn": "Stripete",
        "etternavn": "Brødrister",
        "kontakt": {"telefonnummer": ["22 11 11 11"]},
    }
    assert body(db, known, stored, E.ASSIGNED) == {
        "forsendelse": {
            "meldingsId": str(message.message_id),
            "sendtTid": "2026-11-02T12:00:00+01:00",
            "avsender": {
                "organisasjon": {"organisasjonsnummer": world.OWN, "navn": "Konfliktrådet Oslo"},
                "person": kari,
            },
            "mottakerOrganisasjon": {"organisasjonsnummer": world.OSLO, "navn": "Oslo politidistrikt"},
        },
        "straffesaksnummer": "15434811",
        "statusOppdatering": {"ungdomsreaksjonStatus": {"tildeltSaksansvarlig": kari}},
        "siktet": {
            "navn": {"fornavn": "Vimsete", "etternavn": "Vaffelpresse"},
            "identitetsnummer": {"foedselsnummer": world.NUMBER},
        },
    }


def test_the_dates_are_those_of_the_plan_and_of_the_first_meeting(db: Database, maven: Partners) -> None:
    stored = case(db, Told((*SIGNED, world.MET, world.MET)))
    signed, met = stored.events[7].occurred_on, stored.events[8].occurred_on
    found = letter(db, maven, stored, E.PLAN_SIGNED).body
    world.keeps("oppdatertSaksstatus maven", found)
    assert status_of(found)["ungdomsplanSignert"] == {
        "datoSignering": signed.isoformat(),
        "datoGjenopprettendeMoete": met.isoformat(),
    }


def test_until_september_2024_the_youth_conference_was_the_restorative_meeting(db: Database, maven: Partners) -> None:
    lines = (world.ASSIGNED, (E.YOUTH_CONFERENCE_HELD, d.Details()), world.SIGNED)
    stored = case(db, Told(lines, begun=datetime(2024, 1, 8, 11, tzinfo=UTC)))
    found = status_of(letter(db, maven, stored, E.PLAN_SIGNED).body)["ungdomsplanSignert"]
    assert found["datoGjenopprettendeMoete"] == stored.events[6].occurred_on.isoformat()


def test_a_transfer_is_told_by_the_office_that_hands_over_and_names_who_has_it_now(
    db: Database, known: Partners
) -> None:
    found = body(db, known, case(db), E.TRANSFER_ACCEPTED)
    sender = found["forsendelse"]["avsender"]
    assert sender["organisasjon"]["navn"] == "Konfliktrådet Oslo"
    assert sender["person"]["etternavn"] == "Brødrister"
    assert status_of(found)["overfoertAnnetKonfliktraad"] == {
        "konfliktraad": {"organisasjonsnummer": world.OWN, "navn": "Konfliktrådet Øst"},
        "nySaksansvarlig": {
            "tittel": "Ungdomskoordinator",
            "fornavn": "Rutete",
            "etternavn": "Kjøleskap",
            "kontakt": {"telefonnummer": ["22 00 00 00"]},
        },
    }


def test_a_transfer_waits_for_the_coordinator_of_the_new_office(db: Database, known: Partners) -> None:
    stored = case(db, Told((*SIGNED, world.LEAVES, world.ARRIVES)))
    assert held(db, known, stored, E.TRANSFER_ACCEPTED) == "lacks.other_coordinator_name"


def test_after_a_transfer_the_new_office_and_its_coordinator_send(db: Database, known: Partners) -> None:
    found = body(db, known, case(db), E.COMPLETED)
    sender = found["forsendelse"]["avsender"]
    assert sender["organisasjon"]["navn"] == "Konfliktrådet Øst"
    assert sender["person"]["etternavn"] == "Kjøleskap"
    assert found["forsendelse"]["mottakerOrganisasjon"]["organisasjonsnummer"] == world.OSLO


def test_an_office_may_have_a_number_and_a_telephone_of_its_own(db: Database, tmp_path: Path) -> None:
    more = '[own.offices.ost]\norganisation_number = "910000009"\ntelephone = "69 00 00 00"\n'
    known = files.load(write(tmp_path, partner("oslo", HERE), more=more))
    found = body(db, known, case(db), E.COMPLETED)["forsendelse"]["avsender"]
    assert found["organisasjon"]["organisasjonsnummer"] == "910000009"
    assert found["person"]["kontakt"]["telefonnummer"] == ["69 00 00 00"]


def test_somebody_who_works_there_no_longer_is_still_named(db: Database, known: Partners) -> None:
    stored = case(db, Told(SIGNED))
    gone = Staff(
        subject="coordinator-oslo",
        konfliktrad="oslo",
        roles=(Role.COORDINATOR,),
        display_name="Brødrister",
        active_from=date(2014, 7, 1),
        active_to=stored.events[5].occurred_on,
    )
    with db.writing() as tx:
        staff_store.save_staff(tx, [gone])
    found = status_of(body(db, known, stored, E.ASSIGNED))["tildeltSaksansvarlig"]
    assert found == {
        "tittel": "Ungdomskoordinator",
        "etternavn": "Brødrister",
        "kontakt": {"telefonnummer": ["22 00 00 00"]},
    }


@pytest.mark.parametrize(
    "who",
    [
        Personalia(given_name="Vimsete", family_name="Vaffelpresse"),
        Personalia(),
    ],
)
def test_without_a_number_nobody_is_named(db: Database, known: Partners, who: Personalia) -> None:
    stored = case(db, Told(SIGNED, personalia=who))
    assert "siktet" not in body(db, known, stored, E.ASSIGNED)


def test_who_has_been_forgotten_is_not_named(db: Database, known: Partners) -> None:
    stored = case(db, Told(SIGNED))
    with db.writing() as tx:
        person_erasure.erase_records(tx, world.KEYS, [stored.person_id], NOW.instant)
    assert "siktet" not in body(db, known, stored, E.ASSIGNED)


# --- protected people ---------------------------------------------------------------------------------------

TELLING = ("Oslo", "Øst", "Brødrister", "Kjøleskap", "22 11 11 11", "Vaffelpresse", "Vimsete", world.NUMBER)


@pytest.mark.parametrize("protection", list(Protection))
def test_no_address_or_telephone_of_the_youth_is_ever_told(
    db: Database, known: Partners, protection: Protection
) -> None:
    stored = case(db, Told(protection=protection))
    told = {E.ASSIGNED, E.PLAN_SIGNED, E.INTERRUPTED, E.RESUMED, E.COMPLETED}
    assert told <= {event.type for event in stored.events}
    for kind in told:
        text = json.dumps(body(db, known, stored, kind), ensure_ascii=False)
        assert "Hemmeligveien" not in text
        assert "40000000" not in text


def test_of_a_strictly_confidential_address_nothing_tells_where_the_youth_is(db: Database, known: Partners) -> None:
    stored = case(db, Told(protection=Protection.STRICTLY_CONFIDENTIAL))
    for kind, nth in ((E.ASSIGNED, 0), (E.PLAN_SIGNED, 0), (E.TRANSFER_ACCEPTED, 0), (E.ASSIGNED, 1), (E.COMPLETED, 0)):
        found = body(db, known, stored, kind, nth)
        receiver = found["forsendelse"].pop("mottakerOrganisasjon")
        assert receiver["navn"] == "Oslo politidistrikt"
        text = json.dumps(found, ensure_ascii=False)
        assert [word for word in TELLING if word in text] == []
        assert found["straffesaksnummer"] == "15434811"
        assert found["forsendelse"]["avsender"] == {
            "organisasjon": {"organisasjonsnummer": world.OWN, "navn": "Konfliktrådet"}
        }
    assert status_of(body(db, known, stored, E.ASSIGNED))["tildeltSaksansvarlig"] == {
        "tittel": "Ungdomskoordinator",
        "etternavn": "Konfliktrådet",
        "kontakt": {"telefonnummer": ["22 00 00 00"]},
    }


def test_of_a_confidential_address_the_rest_is_told_as_ever(db: Database, known: Partners) -> None:
    open_one, graded = (case(db, Told(SIGNED, protection=one)) for one in (Protection.NONE, Protection.CONFIDENTIAL))
    said = [body(db, known, one, E.ASSIGNED) for one in (open_one, graded)]
    for one in said:
        one["forsendelse"]["meldingsId"] = ""
    assert said[0] == said[1]


# --- what is held -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ((), "lacks.police_case_number"),
        (((NumberKind.COURT, "26-000001ENE-TOSL/01"),), "lacks.police_case_number"),
        (((NumberKind.POLICE, "12"),), "lacks.police_case_number"),
    ],
)
def test_without_a_number_of_the_police_nothing_is_told(
    db: Database, known: Partners, numbers: tuple[tuple[NumberKind, str], ...], code: str
) -> None:
    assert held(db, known, case(db, Told(SIGNED, numbers=numbers)), E.ASSIGNED) == code


def test_of_several_numbers_that_of_the_main_case_is_told(db: Database, known: Partners) -> None:
    numbers = ((NumberKind.POLICE, "15434999"), (NumberKind.POLICE, "15434811"))
    assert body(db, known, case(db, Told(SIGNED, numbers=numbers)), E.ASSIGNED)["straffesaksnummer"] == "15434999"


def test_everything_that_is_missing_is_named_at_once(db: Database, known: Partners) -> None:
    unknown = (E.ASSIGNED, d.Assigned(coordinator="nobody"))
    nameless = Personalia(national_id=world.NUMBER)
    stored = case(db, Told((unknown,), personalia=nameless, numbers=()))
    assert held(db, known, stored, E.ASSIGNED) == "lacks.police_case_number,family_name,coordinator_name"


def test_a_district_that_nobody_stands_for_is_told_nothing(db: Database, known: Partners) -> None:
    stored = case(db, Told((world.ASSIGNED_THERE,), konfliktrad="ost"))
    assert held(db, known, stored, E.ASSIGNED) == "lacks.no_receiver"


def test_people_sealed_under_another_key_are_waited_for(db: Database, known: Partners) -> None:
    stored = case(db, Told(SIGNED))
    message = outbox.event_message(stored.case_id, stored.events[5], "esas.status")
    other = EncryptionKeys(["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="])
    with db.reading() as tx:
        promise = outbox.find(tx, message.message_id)
        assert promise is not None
        with pytest.raises(NotSendable, match=r"lacks\.key_of_people"):
            compose(tx, other, known, promise, NOW.instant)


# --- corrections --------------------------------------------------------------------------------------------


def test_what_was_annulled_before_it_was_told_is_not_told(db: Database, known: Partners) -> None:
    stored = case(db, Told((*SIGNED, world.STOPPED)))
    after = correct(db, stored, stored.events[-1].seq, None)
    assert held(db, known, after, E.INTERRUPTED) == "withdrawn.annulled"


def test_a_corrected_event_is_told_as_it_now_reads(db: Database, known: Partners) -> None:
    stored = case(db, Told(SIGNED))
    signed = stored.events[-1]
    moved = Replacement(
        type=E.PLAN_SIGNED, occurred_on=signed.occurred_on + timedelta(days=1), details={"by": ["youth"]}
    )
    after = correct(db, stored, signed.seq, moved)
    assert status_of(body(db, known, after, E.PLAN_SIGNED))["ungdomsplanSignert"] == {
        "datoSignering": (signed.occurred_on + timedelta(days=1)).isoformat()
    }


def test_an_event_that_was_corrected_into_another_that_is_not_told_is_not_told(db: Database, known: Partners) -> None:
    stored = case(db, Told((*SIGNED, world.STOPPED)))
    noted = Replacement(type=E.BREACH_RECORDED, occurred_on=stored.events[-1].occurred_on, details={"kind": "plan"})
    after = correct(db, stored, stored.events[-1].seq, noted)
    assert held(db, known, after, E.INTERRUPTED) == "withdrawn.corrected"


# --- receipts -----------------------------------------------------------------------------------------------


def receipt(
    known: Partners,
    db: Database,
    status: str,
    reason: str | None,
    receiver: str = world.OSLO,
    by_token: bool = False,
) -> ComposedMessage:
    to = {"receiver": receiver, "by_token": by_token}
    said = {"exchange_id": "x", "status": status, "reason": reason, "ref": "deres-1", **to}
    stored = case(db, Told(SIGNED))
    message: OutboxMessage = outbox.receipt(stored.case_id, 1, json.dumps(said), NOW.instant)
    with db.reading() as tx:
        return compose(tx, world.KEYS, known, outbox.OutboxEntry(message, 0, None, None), NOW.instant)


@pytest.mark.parametrize(
    ("status", "reason", "said"),
    [
        ("UNDER_MOTTAK", None, None),
        ("MOTTATT", None, None),
        ("FEILET_AVSENDER_MANGLER", "person_missing", "hvem"),
        ("FEILET_AVSENDER_TEKNISK", "not_as_agreed", " "),
    ],
)
def test_a_receipt_names_the_message_it_is_for_and_says_what_is_wrong(
    db: Database, known: Partners, status: str, reason: str | None, said: str | None
) -> None:
    found = receipt(known, db, status, reason)
    world.keeps("KVITTERING", found.body)
    assert found.partner.organisation_number == world.OSLO
    assert (found.schema_name, found.body["meldingsIdRef"], found.body["status"]) == ("KVITTERING", "deres-1", status)
    assert found.body["meldingsId"] == str(found.entry.message.message_id)
    assert (said is None) == ("beskrivelse" not in found.body)
    assert said is None or said in found.body["beskrivelse"]


def test_a_receipt_for_a_sender_with_a_token_that_is_no_partner_is_left_for_it_to_read(
    db: Database, known: Partners
) -> None:
    with pytest.raises(NotSendable, match=r"withdrawn\.read_by_sender"):
        receipt(known, db, "MOTTATT", None, receiver="another system", by_token=True)
    assert receipt(known, db, "MOTTATT", None, by_token=True).partner.organisation_number == world.OSLO


def test_a_receipt_for_somebody_unknown_is_held(db: Database, known: Partners) -> None:
    with pytest.raises(NotSendable, match=r"lacks\.no_receiver"):
        receipt(known, db, "MOTTATT", None, receiver="999999999")


def test_a_word_that_two_partners_share_is_no_address(db: Database, tmp_path: Path) -> None:
    known = files.load(write(tmp_path, partner("oslo", HERE), partner("ost", HERE, "1.0", ("p02",))))
    with pytest.raises(NotSendable, match=r"lacks\.ambiguous_receiver"):
        receipt(known, db, "MOTTATT", None, receiver="POLITIET")
