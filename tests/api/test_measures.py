"""The catalogue of measures over HTTP: who offers what where, and the room there is, kept over time."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.build import DAY, HIDDEN
from tests.service import Client, Service

CATALOGUE, PROVIDERS = "/v1/measures/catalogue", "/v1/measures/providers"
LYNGHEI = {
    "name": "Lynghei arbeidstrening",
    "municipality": "0301",
    "agency": "nav",
    "measures": ["education_work_community", "other_suitable"],
    "valid_from": DAY,
}


def entered(client: Client, **changed: Any) -> str:
    done = client.post(PROVIDERS, {key: value for key, value in (LYNGHEI | changed).items() if value is not None})
    assert done.status_code == 201, done.text
    return str(done.json()["id"])


def told(client: Client, provider: str, **room: Any) -> Any:
    body = {"code": "other_suitable", "as_of": DAY, "status": "open"} | room
    return client.post(f"{PROVIDERS}/{provider}/availability", body)


def listed(client: Client, **asked: Any) -> dict[str, dict[str, Any]]:
    found = client.get(CATALOGUE, **asked)
    assert found.status_code == 200, found.text
    return {item["name"]: item for item in found.json()["items"]}


def room(item: dict[str, Any], code: str = "other_suitable") -> tuple[Any, ...]:
    one = next(one for one in item["measures"] if one["code"] == code)
    return one["status"], one["places"], one["waiting_days"], one["as_of"]


def test_the_room_is_what_was_known_last_of_the_day_asked_about(served: Service) -> None:
    office = served.as_("coordinator", "oslo")
    provider = entered(office)
    assert told(office, provider, places=2).status_code == 201
    served.clock.turn_to(served.clock.instant.date() + timedelta(days=10))
    assert told(office, provider, as_of="2026-01-14", status="waiting_list", waiting_days=30).status_code == 201

    now, then = listed(office, municipality="0301"), listed(office, municipality="0301", on="2026-01-13")

    assert room(now["Lynghei arbeidstrening"]) == ("waiting_list", None, 30, "2026-01-14")
    assert room(then["Lynghei arbeidstrening"]) == ("open", 2, None, DAY)
    assert room(now["Lynghei arbeidstrening"], "education_work_community") == (None, None, None, None)
    labels = {one["label"]: one["status_label"] for one in now["Lynghei arbeidstrening"]["measures"]}
    assert labels == {
        "Annet hensiktsmessig tiltak": "Venteliste", "Opplæring, arbeid eller samfunnsnyttige oppgaver": None,
    }  # fmt: skip


def test_the_catalogue_is_asked_by_municipality_office_measure_and_day(served: Service) -> None:
    oslo, troms = served.as_("coordinator", "oslo"), served.as_("leader", "troms")
    entered(oslo)
    entered(oslo, name="Hele Oslo", municipality=None, measures=["conversation"])
    entered(oslo, name="Borte", valid_until=DAY)
    entered(troms, name="Nordlys", municipality="5501")
    served.clock.turn_to(served.clock.instant.date() + timedelta(days=1))

    assert set(listed(oslo)) == {"Lynghei arbeidstrening", "Hele Oslo", "Nordlys"}
    assert set(listed(oslo, konfliktrad="troms")) == {"Nordlys"}
    assert set(listed(oslo, municipality="0301")) == {"Lynghei arbeidstrening", "Hele Oslo"}
    assert set(listed(oslo, municipality="0301", code="conversation")) == {"Hele Oslo"}
    assert "Borte" in listed(oslo, on=DAY)
    assert listed(oslo, municipality="0301", on="2025-12-31") == {}
    assert listed(served.as_("secretariat")) == listed(oslo)


def test_the_catalogue_is_read_a_page_at_a_time(one: Service) -> None:
    office = one.as_("coordinator", "oslo")
    names = [entered(office, name=f"Nummer {n}") and f"Nummer {n}" for n in range(5)]
    seen: list[str] = []
    cursor = None
    for _ in range(4):
        page = office.get(CATALOGUE, limit=2, cursor=cursor).json()
        seen += [item["name"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert seen == names
    assert cursor is None


def test_an_office_writes_of_its_own_municipalities_alone(one: Service) -> None:
    oslo, troms = one.as_("coordinator", "oslo"), one.as_("coordinator", "troms")
    provider = entered(oslo)

    assert oslo.post(PROVIDERS, LYNGHEI | {"municipality": "5501"}).status_code == 403
    assert told(troms, provider).status_code == 403
    assert told(oslo, HIDDEN).status_code == 404


@pytest.mark.parametrize("role", ["team_member", "prosecution", "analyst", "auditor", "admin", "secretariat"])
def test_others_than_the_offices_write_nothing_in_it(one: Service, role: str) -> None:
    client = one.as_(role, "oslo" if role == "prosecution" else None)

    assert client.post(PROVIDERS, LYNGHEI).status_code == 403
    assert told(client, HIDDEN).status_code == 403
    assert (client.get(CATALOGUE).status_code == 200) is (role == "secretariat")


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"municipality": "9999"}, "/municipality"),
        ({"agency": "heimevernet"}, "/agency"),
        ({"measures": ["fishing_trip"]}, "/measures/0"),
        ({"measures": []}, "/measures"),
        ({"valid_until": "2026-01-04"}, ""),
        ({"name": "to\nlinjer"}, "/name"),
    ],
)
def test_what_is_not_on_the_lists_is_not_entered(one: Service, changed: dict[str, Any], place: str) -> None:
    refused = one.as_("coordinator", "oslo").post(PROVIDERS, LYNGHEI | changed)

    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [place]


def test_room_is_told_for_what_the_provider_carries_out(one: Service) -> None:
    office = one.as_("coordinator", "oslo")

    refused = told(office, entered(office), code="curfew")

    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/code"]


def test_entering_twice_with_one_key_enters_once(one: Service) -> None:
    office = one.as_("coordinator", "oslo")
    first, second = (office.post(PROVIDERS, LYNGHEI, key="k").json() for _ in range(2))

    assert first == second
    assert len(listed(office)) == 1


def test_a_provider_is_read_alone_with_the_room_of_a_day_also_when_it_has_ended(served: Service) -> None:
    office = served.as_("coordinator", "oslo")
    done = office.post(PROVIDERS, LYNGHEI | {"valid_until": "2026-01-10"})
    where = done.headers["Location"]
    assert where == f"{PROVIDERS}/{done.json()['id']}"
    assert told(office, done.json()["id"], places=2).status_code == 201
    served.clock.turn_to(served.clock.instant.date() + timedelta(days=10))

    assert office.get(where).json()["name"] == "Lynghei arbeidstrening"
    assert room(office.get(where).json()) == ("open", 2, None, DAY)
    assert room(office.get(where, on="2026-01-04").json()) == (None, None, None, None)
    assert listed(office) == {}
    assert served.as_("secretariat").get(where).status_code == 200
    assert office.get(f"{PROVIDERS}/{HIDDEN}").status_code == 404
    assert served.as_("team_member", subject="teacher-7").get(where).status_code == 403
