"""Recidivism over HTTP: three definitions side by side, as known when, and what people record of a person."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from tests.api.build import HIDDEN, assert_problem
from tests.intake.build import CHAIN, File
from tests.intake.test_order import record
from tests.service import Client, Service
from tests.stories.places import brought
from ungdom.analytics import case_cache
from ungdom.analytics.definitions import RECIDIVISMS
from ungdom.cli import app
from ungdom.store import rebuild
from ungdom.store.schema.observations import observation

PATH = "/v1/statistics/recidivism"
YEARS = {"from": "2025-01-01", "to": "2025-12-31"}
CODES = [one.code for one in RECIDIVISMS]


def asked(service: Service, **query: Any) -> dict[str, Any]:
    """The answer to the secretariat."""
    answer = service.as_("secretariat").get(PATH, **YEARS, **query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def counts(service: Service, **query: Any) -> dict[str, dict[str, int]]:
    """By definition how many came out in each way, those that nobody did left out."""
    found = asked(service, **query)["items"]
    return {one["code"]: {name: n for name, n in cell["counts"].items() if n} for one in found for cell in one["cells"]}


def completed(service: Service) -> File:
    """Somebody whose youth sanction began on 3 June 2025 and was completed on 3 June 2026; told by messages."""
    file = File(service)
    case = file.applied(*CHAIN)
    everybody = {"present": ["youth", "guardian", "correctional_service", "police"]}
    record(
        service, case, ("received", "2025-05-14", {}), ("assigned", "2025-05-15", {"coordinator": "coordinator-oslo"})
    )
    record(service, case, ("plan_meeting_held", "2025-06-03", everybody))
    service.clock.turn_to(day("2026-06-03"))
    record(service, case, ("completed", "2026-06-03", {}))
    return file


def day(text: str) -> date:
    return date.fromisoformat(text)


def test_what_was_published_last_year_comes_out_the_same_after_later_registration(served: Service) -> None:
    file = completed(served)
    about = {"police_case_numbers": [f"{file.number}77"], "decision_id": "later"}
    served.clock.turn_to(day("2027-07-01"))
    last_year = asked(served)
    assert counts(served) == {"ssb_5y": {"window_open": 1}, "nordic_2y": {"not_relapsed": 1}}

    served.clock.turn_to(day("2028-02-01"))
    file.send("new_charge", "2027-06-10", {"offence_on": "2027-05-20"}, **about)
    file.send("other_outcome", "2028-01-15", {"outcome": "prison"}, **about | {"decision_id": "decided"})

    assert counts(served) == {"ssb_5y": {"relapsed_early": 1}, "nordic_2y": {"relapsed": 1}}
    then = asked(served, known_at="2027-07-01")
    assert then["items"] == last_year["items"]
    assert then["as_of"]["on"] == "2027-07-01"
    # what happened by that day, as it is known now: charged, and not decided yet
    assert counts(served, valid_at="2027-07-01") == {"ssb_5y": {"relapsed_early": 1}, "nordic_2y": {"pending": 1}}


def test_a_correction_that_removes_the_origin_removes_the_person(served: Service) -> None:
    case, _ = brought(served, "F R2", "plan_meeting_held", "2025-07-01 completed")
    served.clock.turn_to(day("2025-08-01"))
    assert set(counts(served)) == set(CODES)
    case_cache.refresh(served.db)
    leader = served.as_("leader", "oslo")
    seq = max(one["seq"] for one in leader.get(f"/v1/cases/{case}/events").json()["items"])
    etag = leader.get(f"/v1/cases/{case}").headers["ETag"]
    wish = {"seq": seq, "reason": "never_happened", "replacement": None}
    before = served.clock()
    done = leader.post(f"/v1/cases/{case}/corrections", wish, etag)
    assert done.status_code == 201, done.text

    assert set(counts(served)) == {"ssb_5y", "nordic_2y"}
    assert set(counts(served, known_at=before.isoformat())) == set(CODES)
    case_cache.refresh(served.db)
    assert set(counts(served)) == {"ssb_5y", "nordic_2y"}
    assert rebuild.check(served.db) == []


def person_of(service: Service, case: str) -> str:
    return str(service.as_("coordinator", "oslo").get(f"/v1/cases/{case}").json()["person"]["id"])


def test_a_death_is_recorded_by_the_office_corrected_and_taken_back(served: Service) -> None:
    case, _ = brought(served, "F R2", "plan_meeting_held")
    served.clock.turn_to(day("2026-06-01"))
    coordinator = served.as_("coordinator", "oslo")
    path = f"/v1/persons/{person_of(served, case)}/observations"

    first = coordinator.post(path, {"kind": "death", "occurred_on": "2026-01-10"}, key="death").json()
    again = coordinator.post(path, {"kind": "death", "occurred_on": "2026-01-10"}, key="death").json()
    assert first == again
    assert counts(served)["nordic_2y"] == {"died": 1}
    assert counts(served, valid_at="2026-01-09")["nordic_2y"] == {"window_open": 1}

    moved = {"kind": "emigration", "occurred_on": "2026-01-10", "corrects": first["id"]}
    assert coordinator.post(path, moved).json()["n"] == 2
    assert counts(served)["nordic_2y"] == {"emigrated": 1}
    served.as_("secretariat").post(path, moved | {"withdrawn": True})
    assert counts(served)["nordic_2y"] == {"window_open": 1}
    told = coordinator.get(path).json()["items"]
    assert [(one["n"], one["kind"], one["withdrawn"]) for one in told] == [
        (1, "death", False),
        (2, "emigration", False),
        (3, "emigration", True),
    ]


def test_what_messages_told_of_a_person_is_shown_to_nobody_and_corrected_by_nobody(one: Service) -> None:
    file = completed(one)
    one.clock.turn_to(day("2027-07-01"))
    file.send("new_charge", "2027-06-10", {"offence_on": "2027-05-20"}, police_case_numbers=["99887766"])
    secretariat = one.as_("secretariat")
    (case,) = secretariat.get("/v1/cases").json()["items"]
    path = f"/v1/persons/{person_of(one, case['id'])}/observations"
    assert secretariat.get(path).json()["items"] == []
    with one.db.reading() as tx:
        told = str(tx.scalars(select(observation.c.observation_id)).one())
    wish = {"kind": "death", "occurred_on": "2027-06-10", "corrects": told}
    assert_problem(secretariat.post(path, wish), 404, "not_found")
    assert_problem(secretariat.post(path, wish | {"corrects": HIDDEN}), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kind": "death", "occurred_on": "2099-01-01"}, "day_in_future"),
        ({"kind": "charge", "occurred_on": "2025-03-01"}, "enum"),
        ({"kind": "death", "occurred_on": "2025-03-01", "cause": "illness"}, "extra_forbidden"),
    ],
)
def test_what_is_recorded_is_a_word_and_a_day_that_has_come(one: Service, body: dict[str, Any], code: str) -> None:
    case, _ = brought(one, "F R2", "plan_meeting_held")
    path = f"/v1/persons/{person_of(one, case)}/observations"
    found = assert_problem(one.as_("coordinator", "oslo").post(path, body), 422, "invalid_input")
    assert len(found["errors"]) == 1, code


def test_the_answer_is_told_apart_filtered_and_says_what_it_is(one: Service) -> None:
    brought(one, "F R2", "plan_meeting_held", "2025-07-01 completed")
    brought(one, "S R2", "plan_meeting_held", born=day("2008-04-02"))
    one.clock.turn_to(day("2025-09-01"))
    found = asked(one, by=["sanction", "period"])
    assert [item["code"] for item in found["items"]] == CODES
    assert "publis" in found["note"]
    whole = {tuple(cell["dimensions"].values()): cell["all"] for cell in found["items"][0]["cells"]}
    assert whole["_T", "_T"] == whole["youth_sanction", "_T"] + whole["youth_follow_up", "_T"] == 2
    assert whole["_T", "2025H1"] == whole["_T", "2025"] == 2
    alone = asked(one, statistic="nordic_2y", sanction="youth_sanction")
    assert [(item["code"], item["cells"][0]["all"]) for item in alone["items"]] == [("nordic_2y", 1)]
    secretariat = one.as_("secretariat")
    assert secretariat.get(PATH, **YEARS, statistic="nordic_2y", format="csv").status_code == 200
    stat = secretariat.get(PATH, **YEARS, statistic="nordic_2y", format="json-stat", by="sex").json()
    assert stat["class"] == "dataset"
    assert_problem(secretariat.get(PATH, **YEARS, statistic="p1"), 422, "invalid_input")


@pytest.mark.parametrize("role", ["coordinator", "leader", "auditor", "prosecution"])
def test_exact_figures_of_what_came_after_are_for_no_office(one: Service, role: str) -> None:
    office = "oslo" if role in ("coordinator", "leader") else None
    client: Client = one.as_(role, office) if office else one.as_(role)
    assert client.get(PATH, **YEARS).status_code == 403


def test_an_analyst_is_answered_from_what_is_released_only(one: Service) -> None:
    refused = one.as_("analyst").get(PATH, **YEARS)
    assert_problem(refused, 422, "nothing_released")
    assert refused.json()["reason"] == "no_release"


def test_the_command_answers_the_same(one: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    brought(one, "F R2", "plan_meeting_held", "2025-07-01 completed")
    url = one.db.writer.url.render_as_string(hide_password=False)
    monkeypatch.setenv("UNGDOM_ENV", "development")
    monkeypatch.setenv("UNGDOM_DATABASE_URL", url)
    options = ["--from", "2025-01-01", "--until", "2025-12-31", "--known-at", "2025-08-01"]
    for more, text in ((["--json"], '"nordic_2y"'), (["--by", "sanction"], "ssb_5y")):
        done = CliRunner().invoke(app, ["statistics", "recidivism", *options, *more])
        assert done.exit_code == 0, done.output
        assert text in done.output
