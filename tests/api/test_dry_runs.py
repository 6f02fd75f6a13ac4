"""A dry run answers with what would change and writes nothing; done in earnest it changes just that."""

from typing import Any

import pytest

from tests.api.build import DAY, FOLLOW_UP, assert_problem, case_at, etag, events_of, opened, recorded, rows
from tests.service import Client


def both(client: Client, path: str, body: Any, tag: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The dry run, which writes nothing, and then the same in earnest."""
    before = rows(client.service)
    dry = client.post(f"{path}?dry_run=true", body, tag)
    assert (dry.status_code, dry.headers["ETag"]) == (200, tag)
    assert rows(client.service) == before
    done = client.post(path, body, tag)
    assert done.status_code == 201, done.text
    assert done.headers["ETag"] == f'"{done.json()["after"]["version"]}"'
    return dry.json(), done.json()


def test_every_step_of_a_case_answers_the_same_dry_and_done(oslo: Client) -> None:
    case = opened(oslo)
    *steps, (last, _) = FOLLOW_UP
    assert (len(steps), last) == (8, "completed")
    for kind, details in steps:
        tag = etag(oslo, case)
        dry, done = both(oslo, f"/v1/cases/{case}/events", {"type": kind, "occurred_on": DAY, "details": details}, tag)
        assert (dry.pop("dry_run"), done.pop("dry_run")) == (True, False)
        assert dry == done
        assert done["before"]["version"] + 1 == done["after"]["version"] == len(events_of(oslo, case))
        shown = oslo.get(f"/v1/cases/{case}").json()
        assert done["after"]["state"] == shown["state"]
        assert done["after"]["planned_end"] == shown["planned_end"]


def test_a_correction_answers_the_same_dry_and_done(oslo: Client) -> None:
    case = opened(oslo, occurred_on="2026-01-02")
    recorded(oslo, case, "suspect_set")
    body = {"seq": 2, "reason": "wrong_date", "replacement": {"occurred_on": "2026-01-02"}}
    dry, done = both(oslo, f"/v1/cases/{case}/corrections", body, '"2"')
    assert dry | {"dry_run": False} == done
    assert dry["before"]["next_due_on"] != dry["after"]["next_due_on"]


@pytest.mark.parametrize("path", ["events", "corrections"])
def test_a_dry_run_is_refused_like_the_real_one(oslo: Client, path: str) -> None:
    case = case_at(oslo, "received")
    body: dict[str, Any] = {"type": "plan_meeting_held", "occurred_on": DAY, "details": {"present": []}}
    if path == "corrections":
        body = {"seq": 2, "reason": "wrong_date", "replacement": None}
    address = f"/v1/cases/{case}/{path}"
    before = rows(oslo.service)
    for tag in (None, '"1"', '"7"'):
        dry, real = (oslo.post(f"{address}{query}", body, tag).json() for query in ("?dry_run=true", ""))
        assert dry | {"trace_id": ""} == real | {"trace_id": ""}
        assert dry["status"] in (428, 412, 409)
    stranger = oslo.service.as_("coordinator", "troms")
    assert_problem(stranger.post(f"{address}?dry_run=true", body, '"7"'), 404, "not_found")
    assert rows(oslo.service) == before


def test_a_note_tried_out_is_not_kept(oslo: Client) -> None:
    case = opened(oslo)
    before = rows(oslo.service)
    body = {"type": "note_added", "occurred_on": DAY, "note": "Bare en prøve"}
    assert oslo.post(f"/v1/cases/{case}/events?dry_run=true", body, '"1"').status_code == 200
    assert rows(oslo.service) == before
    assert oslo.post(f"/v1/cases/{case}/events", body, '"1"').status_code == 201
    assert rows(oslo.service)["note"] == before["note"] + 1


def test_an_impossible_wish_to_try_out_is_422(oslo: Client) -> None:
    answer = oslo.post(f"/v1/cases/{opened(oslo)}/events?dry_run=maybe", {"type": "charged", "occurred_on": DAY}, '"1"')
    assert_problem(answer, 422, "invalid_input")
