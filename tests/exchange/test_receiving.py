"""Official messages sent in: read, handed to intake, answered by receipts; the same history as the plain form."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from tests.esas import official as o
from tests.esas.contracts import complaints, sample, samples
from tests.exchange import world
from tests.exchange.world import standings
from tests.service import Client, Service
from ungdom import texts
from ungdom.exchange.delivery import ExchangeDeliveryCounts, deliver
from ungdom.store import exchanges, outbox
from ungdom.store.schema import outbox as outbox_tables
from ungdom.store.session import Database

Json = dict[str, Any]
INBOUND = (
    "domsavgjoerelse", "fullbyrdelsesordre", "kvittering", "overfoereSak", "rekvisisjonPersonundersoekelse",
    "returPersonundersoekelse", "siktelseTiltale",
)  # fmt: skip
LATER = date(2025, 7, 20)


@pytest.fixture
def service(served: Service) -> Service:
    served.clock.turn_to(LATER)
    return served


@pytest.fixture
def police(service: Service) -> Client:
    return service.as_("prosecution", "oslo", "police")


def send(client: Client, body: Json, **headers: str) -> Json:
    done = client.post("/v1/esas/messages", body, headers=headers)
    assert done.status_code == 200, done.text
    answered: Json = done.json()
    return answered | {"where": done.headers["location"]}


def plain(client: Client, kind: str, decision: str, on: str, terms: Json, **more: Any) -> Json:
    told = {
        "kind": kind,
        "decision_id": decision,
        "version": more.pop("version", 1),
        "sent_at": f"{on}T12:00:00+02:00",
        "occurred_on": on,
        "police_case_numbers": [o.CASE_NUMBER],
        "person": {
            "born": o.BORN,
            "given_name": o.GIVEN,
            "family_name": o.FAMILY,
            "national_id": o.NUMBER,
            "guardians": [{"name": f"Rutete {o.FAMILY}"}],
        },
        "terms": terms,
        **more,
    }
    done = client.post("/v1/decisions", told)
    assert done.status_code in (200, 201, 202), done.text
    answered: Json = done.json()
    return answered


def indicted(client: Client) -> Json:
    """A youth sanction case at the court."""
    opening = {
        "sanction": "youth_sanction",
        "registered_on": "2025-01-20",
        "suspect_on": "2025-01-20",
        "konfliktrad": "oslo",
        "offences": [{"on": "2025-01-18"}],
    }
    return plain(client, "indicted", "I-1", "2025-03-03", {"court_received_on": "2025-03-04"}, opening=opening)


def ordered_in_march() -> Json:
    """An order of an investigation that is younger than the indictment, and wished for after it."""
    return o.rekvisisjon(at="2025-03-05T12:00:00+01:00", wished_by="2025-03-26T12:00:00+01:00")


def history(service: Service, case: str) -> list[Json]:
    told = service.as_("secretariat").get(f"/v1/cases/{case}/events").json()["items"]
    return [{name: one[name] for name in ("type", "occurred_on", "details")} for one in told]


def promised(db: Database, where: str) -> list[tuple[int, str]]:
    """Number and status of each receipt promised for the message."""
    with db.reading() as tx:
        mine = (outbox_tables.outbox.c.kind == outbox.RECEIPT_KIND) & (outbox_tables.outbox.c.case_id == _id(where))
        rows = tx.execute(select(outbox_tables.outbox).where(mine).order_by(outbox_tables.outbox.c.seq))
        return [(row.seq, json.loads(row.payload)["status"]) for row in rows]


def _id(where: str) -> UUID:
    return UUID(where.rpartition("/")[2])


# --- the published samples ----------------------------------------------------------------------------------------


def test_every_official_inbound_sample_is_accepted_or_parked_with_a_reason(
    service: Service, police: Client, figure: Callable[[str], None]
) -> None:
    looked = [path for path in samples() if path.stem.partition("-")[0] in INBOUND]
    for path in looked:
        done = police.post("/v1/esas/messages", json.loads(path.read_text(encoding="utf-8")))
        assert done.status_code in (200, 204), (path.stem, done.text)
        stands = police.get(done.headers["location"]).json()
        if done.status_code == 200:
            assert complaints("KVITTERING", done.json()) == []
            assert stands["status"] in ("UNDER_MOTTAK", "MOTTATT"), path.stem
        assert stands["status"] == "MOTTATT" or stands["reason"], path.stem

    with service.db.reading() as tx:
        kept = tx.scalar(select(func.count()).select_from(exchanges.exchange_message))
    figure(f"official inbound samples: {len(looked)} of {len(looked)} accepted or parked with a reason")
    assert kept == len(looked)


def test_a_case_for_mediation_is_received_kept_and_shown_to_the_secretariat(service: Service, police: Client) -> None:
    answered = send(police, sample("overfoereSak-ST"))

    shown = service.as_("secretariat").get("/v1/esas/messages", reason="other_case_type").json()["items"]
    assert answered["status"] == "MOTTATT"
    assert [one["reason"] for one in shown] == ["other_case_type"]


# --- the same decision in both forms ------------------------------------------------------------------------------


def test_a_judgment_gives_the_same_history_in_both_forms(service: Service, police: Client) -> None:
    case = indicted(police)["case"]["id"]
    before = len(history(service, case))
    answered = send(police, o.domsavgjoerelse(), SchemaName="DOMSAVGJOERELSE", SchemaVersion="1.2")
    official = history(service, case)[before:]

    other = service.as_("prosecution", "oslo", "another-system")
    plain(
        other, "judgment_given", "J-1", "2025-04-24",
        {"length": {"years": 1}, "subsidiary_prison": {"months": 6}, "served_on": "2025-04-24"},
    )  # fmt: skip
    told_again = history(service, case)[before:]

    assert answered["status"] == "UNDER_MOTTAK" or official
    assert [one["type"] for one in official] == ["judgment_given"]
    assert told_again == official  # the plain form of the same judgment was known already


def test_the_plain_form_alone_gives_the_history_of_the_official_one(service: Service, police: Client) -> None:
    case = indicted(police)["case"]["id"]
    plain(
        police, "judgment_given", "J-1", "2025-04-24",
        {"length": {"years": 1}, "subsidiary_prison": {"months": 6}, "served_on": "2025-04-24"},
    )  # fmt: skip
    plain(police, "became_final", "F-1", "2025-05-09", {})
    plain(police, "dispatched", "S-1", "2025-05-12", {})
    native = history(service, case)

    judged = o.domsavgjoerelse(o.accused({"ungdomsstraff": o.sanction()}, service=o.served()))
    for body in (judged, o.fullbyrdelsesordre()):
        assert send(police, body)["status"] == "MOTTATT"

    assert history(service, case) == native
    assert [one["type"] for one in native][-3:] == ["judgment_given", "became_final", "dispatched"]


def test_an_order_to_carry_out_makes_the_judgment_final_and_dispatched(service: Service, police: Client) -> None:
    case = indicted(police)["case"]["id"]
    send(police, o.domsavgjoerelse(o.accused({"ungdomsstraff": o.sanction()}, service=o.served())))
    send(police, o.fullbyrdelsesordre())

    told = history(service, case)[-2:]
    assert [(one["type"], one["occurred_on"]) for one in told] == [
        ("became_final", "2025-05-09"),
        ("dispatched", "2025-05-12"),
    ]


def test_an_investigation_is_ordered_and_its_return_found_by_the_order_alone(service: Service, police: Client) -> None:
    case = indicted(police)["case"]["id"]
    first = send(police, o.retur(at="2025-03-21T15:00:00+01:00"))
    send(police, ordered_in_march())

    told = [one["type"] for one in history(service, case)][-2:]
    assert first["status"] == "UNDER_MOTTAK"
    assert told == ["pum_ordered", "pum_returned"]
    assert police.get(first["where"]).json()["status"] == "MOTTATT"
    assert promised(service.db, first["where"]) == [(1, "UNDER_MOTTAK"), (2, "MOTTATT")]


def test_an_investigation_that_is_wished_for_before_it_was_ordered_waits_and_names_both_days(
    service: Service, police: Client
) -> None:
    case = indicted(police)["case"]["id"]
    body = o.rekvisisjon(at="2025-03-05T12:00:00+01:00", wished_by="2025-02-21T12:00:00+01:00")
    answered = send(police, body)

    stands = police.get(answered["where"]).json()
    assert (stands["status"], stands["reason"]) == ("UNDER_MOTTAK", "conditions_unmet")
    (decision,) = stands["decisions"]
    (unmet,) = police.get(f"/v1/decisions/{decision}").json()["tries"][-1]["receipt"]["unmet"]
    assert unmet["code"] == "detail_date_follows_the_event"
    assert (unmet["current"], unmet["needed"]) == ("2025-02-21", "2025-03-05")
    assert history(service, case)[-1]["type"] == "indicted"


def test_a_case_handed_over_is_dispatched_and_received_on_the_day_it_arrives(service: Service, police: Client) -> None:
    opening = {
        "sanction": "youth_follow_up",
        "registered_on": "2025-05-05",
        "suspect_on": "2025-05-05",
        "investigation_closed_on": "2025-05-30",
        "konfliktrad": "oslo",
        "offences": [{"on": "2025-05-02"}],
    }
    terms = {
        "length": {"months": 6},
        "guilt_proven": True,
        "consents": [{"by": "youth", "on": "2025-05-20"}, {"by": "guardian", "on": "2025-05-20"}],
    }
    case = plain(police, "transferred_to_follow_up", "T-1", "2025-06-12", terms, opening=opening)["case"]["id"]

    answered = send(police, o.overfoere_sak())

    told = [(one["type"], one["occurred_on"]) for one in history(service, case)][-2:]
    assert answered["status"] == "MOTTATT"
    assert told == [("dispatched", "2025-06-18"), ("received", LATER.isoformat())]


# --- repeats, corrections, receipts -------------------------------------------------------------------------------


def test_the_same_message_again_gets_the_same_receipt_and_changes_nothing(service: Service, police: Client) -> None:
    case = indicted(police)["case"]["id"]
    first = send(police, o.domsavgjoerelse())
    told = history(service, case)

    again = send(police, o.domsavgjoerelse())

    assert again == first
    assert history(service, case) == told


def test_the_same_content_under_a_new_id_is_answered_and_changes_nothing(service: Service, police: Client) -> None:
    case = indicted(police)["case"]["id"]
    send(police, o.domsavgjoerelse())
    told = history(service, case)
    body = o.domsavgjoerelse()
    body["forsendelse"]["meldingsId"] = o.ORDER

    answered = send(police, body)

    assert answered["status"] == "MOTTATT"
    assert history(service, case) == told


def test_a_corrected_judgment_keeps_its_id_and_both_versions_are_known(service: Service, police: Client) -> None:
    case = indicted(police)["case"]["id"]
    send(police, o.domsavgjoerelse())
    office = service.as_("secretariat")
    then = service.clock().isoformat()
    body = o.domsavgjoerelse(o.accused({"ungdomsstraff": o.sanction(antallMaaneder=10)}))
    body["forsendelse"] |= {"meldingsId": o.ORDER, "sendtTid": "2025-05-02T14:10:00+02:00"}

    answered = send(police, body)

    now = office.get(f"/v1/cases/{case}").json()["length"]
    before = office.get(f"/v1/cases/{case}", known_at=then).json()["length"]
    assert answered["status"] == "MOTTATT"
    assert (before, now) == ("1 year", "10 months")


def test_what_was_sent_before_the_newest_version_no_longer_counts(service: Service, police: Client) -> None:
    case = indicted(police)["case"]["id"]
    send(police, o.domsavgjoerelse())
    body = o.domsavgjoerelse(o.accused({"ungdomsstraff": o.sanction(antallMaaneder=10)}))
    body["forsendelse"] |= {"meldingsId": o.ORDER, "sendtTid": "2025-04-24T14:00:00+02:00"}

    answered = send(police, body)

    assert answered["status"] == "MOTTATT"
    assert service.as_("secretariat").get(f"/v1/cases/{case}").json()["length"] == "1 year"


def test_another_content_under_a_used_id_is_not_lost_and_is_flagged(service: Service, police: Client) -> None:
    case = indicted(police)["case"]["id"]
    send(police, ordered_in_march())
    other = send(police, o.domsavgjoerelse())  # the builders give every message one id

    flags = {one["code"]: one["message"] for one in police.get(other["where"]).json()["flags"]}
    assert flags["id_reused"] == texts.text("nb", "exchange_flag", "id_reused")
    assert [one["type"] for one in history(service, case)][-2:] == ["pum_ordered", "judgment_given"]


def test_a_message_that_breaks_the_contract_is_answered_kept_and_named(police: Client) -> None:
    body = o.domsavgjoerelse()
    del body["avgjoerelse"]["avsagtDato"]

    answered = send(police, body)

    stands = police.get(answered["where"]).json()
    assert answered["status"] in ("FEILET_AVSENDER_TEKNISK", "FEILET_AVSENDER_MANGLER")
    assert answered["beskrivelse"]
    flags = {one["pointer"]: one["message"] for one in stands["flags"]}
    assert flags["/avgjoerelse/avsagtDato"] == texts.invalid("nb", "missing")


def test_what_has_no_id_is_refused_with_what_would_help(police: Client) -> None:
    done = police.post("/v1/esas/messages", {"forsendelse": {}})

    assert done.status_code == 422
    assert done.json()["code"] == "unreadable_message"
    assert texts.text("nb", "exchange_fault", "json") in done.json()["detail"]


def test_a_parked_message_that_is_dismissed_is_answered_as_lacking(service: Service, police: Client) -> None:
    first = send(police, o.domsavgjoerelse())
    decision = police.get(first["where"]).json()["decisions"][0]

    done = service.as_("secretariat").post(f"/v1/decisions/{decision}/dismiss")

    assert done.status_code == 200, done.text
    assert promised(service.db, first["where"]) == [(1, "UNDER_MOTTAK"), (2, "FEILET_AVSENDER_MANGLER")]


def test_a_sender_that_is_no_partner_reads_a_later_receipt_or_gets_it_by_sending_again(
    service: Service, police: Client, tmp_path: Path
) -> None:
    first = send(police, o.domsavgjoerelse())
    decision = police.get(first["where"]).json()["decisions"][0]
    service.as_("secretariat").post(f"/v1/decisions/{decision}/dismiss")
    partners = world.write(tmp_path, world.partner("ost", world.over_http("http://127.0.0.1:1/inn")))

    assert deliver(world.work(service.db, partners)) == ExchangeDeliveryCounts(withdrawn=1)

    later = police.get(first["where"]).json()["receipt"]
    assert later["status"] == "FEILET_AVSENDER_MANGLER"
    assert send(police, o.domsavgjoerelse()) == later | {"where": first["where"]}
    assert standings(service.db) == ["delivered"] * 2


def test_a_failure_told_of_our_message_brings_it_back(service: Service, police: Client) -> None:
    first = send(police, o.domsavgjoerelse())
    ours = first["meldingsId"]

    done = police.post("/v1/esas/messages", o.kvittering("FEILET_AVSENDER_TEKNISK", ours))

    with service.db.reading() as tx:
        held = tx.scalar(select(outbox_tables.outbox.c.held).where(outbox_tables.outbox.c.message_id == _id(ours)))
    assert done.status_code == 204
    assert held == "dead.answer_feilet_avsender_teknisk"


def test_other_systems_and_offices_see_nothing_of_it(service: Service, police: Client) -> None:
    first = send(police, o.domsavgjoerelse())

    assert service.as_("prosecution", "oslo", "another").get(first["where"]).status_code == 404
    assert service.as_("prosecution", "oslo", "another").get("/v1/esas/messages").json()["items"] == []
    assert service.as_("coordinator", "oslo").get("/v1/esas/messages").status_code == 403
    assert service.as_("secretariat").get(first["where"]).status_code == 200
