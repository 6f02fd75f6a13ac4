"""Examples of requests and answers: a worked history told through the service, with a fixed clock and fixed ids.

`python -m tests.api.record_examples` writes them to `src/ungdom/api/docs/examples/recorded.json`; a test compares.
"""

import json
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import pg, service
from tests.esas import official
from tests.service import KEY, Client, Service, fill, new_case
from tests.stories import histories
from ungdom.api.docs import descriptions
from ungdom.notices.dispatch import dispatch
from ungdom.store.encryption import EncryptionKeys

ROOT = Path(__file__).parents[2]
FILE = ROOT / "src" / "ungdom" / "api" / "docs" / "examples" / "recorded.json"
HISTORY = "theta"
SOURCES = "0123456789abcdef"
SHOWN = 2
"""As many entries of a list as an example keeps."""
OFFICE = "oslo"
"""The konfliktråd of the examples, whose coordinator the demonstration has a token for."""
WORKED_AT = "more-og-romsdal"
"""The one that the worked history names."""
NOW = date(2026, 3, 2)
ZIP = "application/zip"
PERIOD = {"from": "2025-01-01", "to": "2026-03-01"}
NOWHERE = "https://example.invalid/hook"
"""An address that no network has: nothing is sent to it."""
HOOK = {"url": "https://example.org/hook", "kinds": ["alert.raised"]}


@contextmanager
def fixed_ids(seed: int = 12) -> Iterator[None]:
    """Whatever is drawn by chance is the same in every run."""
    drawn = random.Random(seed)  # noqa: S311  # examples are no secrets
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "urandom", drawn.randbytes)
        patch.setattr(random, "_urandom", drawn.randbytes)
        patch.setattr(service, "_CASES", count(1))  # police case numbers, whatever tests have opened before
        yield


class Recorder:
    """Sends requests by operation and keeps the first of each."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.examples: dict[str, dict[str, Any]] = {}
        document = service.app.openapi()
        self.places = {
            operation["operationId"]: (method, path)
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if method in descriptions.METHODS
        }

    def __call__(
        self, operation: str, who: Client | None, body: Any = None, etag: str | None = None, **given: Any
    ) -> httpx.Response:
        method, path = self.places[operation]
        parts = {name: given.pop(name) for name in [*given] if f"{{{name}}}" in path}
        headers = {"Authorization": f"Bearer {who.token}"} if who else {}
        headers |= {"If-Match": etag} if etag else {}
        sent = {"content": body} if isinstance(body, str) else {"json": body} if body is not None else {}
        headers |= {"Content-Type": "application/x-ndjson"} if isinstance(body, str) else {}
        answer = self.service.send(method.upper(), path.format(**parts), params=given, headers=headers, **sent)
        assert answer.status_code < 300, f"{operation}: {answer.status_code} {answer.text}"
        parameters = {**parts, **given, **({"If-Match": etag} if etag else {})}
        self.examples.setdefault(operation, example(parameters, body, answer))
        return answer


def example(parameters: dict[str, Any], body: Any, answer: httpx.Response) -> dict[str, Any]:
    """What is kept of one request and its answer."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    shown = cut(answer.json()) if kind == "application/json" else "PK…" if kind == ZIP else answer.text
    kept = {"parameters": parameters, "status": answer.status_code}
    return kept | ({"body": body} if body is not None else {}) | ({"answer": shown, "kind": kind} if kind else {})


def cut(value: Any) -> Any:
    """Lists by their first entries, so that an example can be read; the hash of the sources is that of no version."""
    if isinstance(value, dict):
        return {
            name: SOURCES if name == "sources" and isinstance(inner, str) else cut(inner)
            for name, inner in value.items()
        }
    return [cut(inner) for inner in value[:SHOWN]] if isinstance(value, list) else value


def recorded() -> dict[str, Any]:
    """Every example, by operation."""
    with tempfile.TemporaryDirectory() as folder, fixed_ids():
        url = pg.sqlite_url(Path(folder))
        fill(url)
        with Service(url, Path(folder)) as service:
            record = Recorder(service)
            case = tell(record)
            service.clock.instant = datetime(NOW.year, NOW.month, NOW.day, 9, tzinfo=UTC)
            of_the_case(record, case)
            across_cases(record)
            of_the_office(record)
            of_decisions(record)
            of_analysts(record)
            of_operators(record)
            of_retention(record)
            return record.examples


def tell(record: Recorder) -> str:
    """The worked history, event by event; the id of its case."""
    history = histories.read(HISTORY)
    first, coordinator = histories.registration(history), record.service.as_("coordinator", OFFICE)
    record.service.clock.turn_to(first.recorded_on)
    person = {
        "given_name": "Rutete",
        "family_name": "Fiskegrateng",
        "born": str(history["person"]["born"]),
        "guardians": [{"name": "Munter Fiskegrateng"}],
    }
    asked = {"sanction": history["sanction"], "occurred_on": str(first.occurred_on), "konfliktrad": OFFICE}
    case: str = record("open_case", coordinator, new_case(**asked, person=person, **first.details)).json()["id"]
    for line in histories.events(history):
        record.service.clock.turn_to(line.recorded_on)
        events = record("list_events", coordinator, case_id=case)
        if line.type == "corrected":
            seq = next(one["seq"] for one in events.json()["items"] if one["type"] == line.details["corrects"])
            wish = {"seq": seq, "reason": "wrong_date", "replacement": {"occurred_on": str(line.occurred_on)}}
            record("correct_event", coordinator, wish, events.headers["ETag"], case_id=case)
        else:
            body = {"type": line.type, "occurred_on": str(line.occurred_on), "details": at_office(line.details)}
            record("record_event", coordinator, body, events.headers["ETag"], case_id=case)
            keep_latest(record, line.type == "plan_meeting_held", "record_event")
    del record.examples["list_events"]
    return case


def at_office(details: dict[str, Any]) -> dict[str, Any]:
    """The details with the konfliktråd of the examples in place of that of the history."""
    moved: dict[str, Any] = json.loads(json.dumps(details, default=str).replace(WORKED_AT, OFFICE))
    return moved


def keep_latest(record: Recorder, wanted: bool, operation: str) -> None:
    """The next request of this operation takes the place of the one kept, unless this is the wanted one."""
    if not wanted and "done" not in record.examples.get(operation, {}):
        record.examples.pop(operation, None)
    elif wanted:
        record.examples[operation]["done"] = True


def of_the_case(record: Recorder, case: str) -> None:
    coordinator = record.service.as_("coordinator", OFFICE)
    record.examples["record_event"].pop("done", None)
    for operation in (
        "get_case", "get_breaches", "get_complaints", "get_consents", "get_deadlines", "get_delay", "list_events",
        "get_forecast", "get_lead_time", "get_meetings", "list_options", "get_plan", "get_restorative",
        "list_due_surveys", "get_tasks", "get_team", "get_timeline",
    ):  # fmt: skip
        record(operation, coordinator, case_id=case)
    coordinator.record(case, "note_added", NOW, note="Møte på skolen onsdag.", youth_may_read=True)
    record("list_notes", coordinator, case_id=case)
    person = record("get_case", coordinator, case_id=case).json()["person"]["id"]
    invite = record("invite_to_survey", coordinator, {"kind": "plan", "respondent": "youth"}, case_id=case).json()
    questions = record("get_questionnaire", None, token=invite["token"]).json()["questions"]
    record("submit_answers", None, {"answers": {one["question"]: 4 for one in questions}}, token=invite["token"])
    observer = record.service.as_("secretariat")
    record("record_observation", observer, {"kind": "emigration", "occurred_on": "2026-02-20"}, person_id=person)
    record("list_observations", observer, person_id=person)
    of_identity(record)
    of_persons(record, case)
    of_access(record, case)


def of_persons(record: Recorder, case: str) -> None:
    """The youth corrected and searched for, merged by two people, and told of by the population register."""
    leader, secretariat = record.service.as_("leader", OFFICE), record.service.as_("secretariat")
    person = record("get_case", leader, case_id=case).json()["person"]["id"]
    etag = record("get_person", leader, person_id=person).headers["ETag"]
    change = {"reason": "As the guardian has told.", "contact": {"telephone": "+47 000 61 001"}, "interpreter": "so"}
    record("correct_person", leader, change, etag, person_id=person)
    record("search_persons", leader, {"name": "Fiskegrateng"})
    youth = {"given_name": "Rutete", "born": "2009-01-02"}
    number = "17850998027"
    other = leader.post("/v1/cases", new_case(konfliktrad=OFFICE, person=youth)).json()
    other_id = other["person"]["id"]
    merge = {"other": other_id, "reason": "The school has confirmed that it is one youth."}
    proposal = record("merge_persons", leader, merge, person_id=person).json()["id"]
    record("list_person_proposals", secretariat, status="proposed")
    record("approve_person_proposal", secretariat, proposal_id=proposal)
    record("list_protection_reviews", secretariat)
    split = {"cases": [other["id"]], "reason": "They are cousins."}
    proposal = record("split_person", leader, split, person_id=person).json()["id"]
    record("reject_person_proposal", secretariat, proposal_id=proposal)
    record("export_person", leader, person_id=person)
    register = record.service.as_("prosecution", subject="system:register")
    for event_id, born in (("fr-1", "2009-05-18"), ("fr-2", "2009-05-19")):
        event = {"event_id": event_id, "kind": "name", "occurred_on": "2026-02-01"}
        event |= {"person": {"national_id": number, "born": born}, "name": {"given_name": "Vims", "family_name": None}}
        record("send_population_event", register, event)
    events = record("list_population_events", secretariat, outcome="question").json()["items"]
    record("apply_population_event", secretariat, {}, event_id=events[0]["id"])
    record("dismiss_population_event", secretariat, {"reason": "Another youth."}, event_id=events[1]["id"])
    record("list_person_accesses", leader, person_id=person)


def of_access(record: Recorder, case: str) -> None:
    """Who has been given data of the case: for the auditor, the leader of the office and the youth."""
    leader, coordinator = record.service.as_("leader", OFFICE), record.service.as_("coordinator", OFFICE)
    record("list_accesses", record.service.as_("auditor"), case=case, limit=2)
    newest = record("list_case_accesses", leader, case_id=case, limit=2).json()["items"][0]["id"]
    held_back = {"code": "investigation", "review_on": str(record.service.clock().date() + timedelta(days=30))}
    record("withhold_access", leader, held_back, case_id=case, access_id=newest)
    record("list_withheld_accesses", leader)
    record("list_plain_accesses", coordinator, case_id=case)
    record("disclose_access", leader, case_id=case, access_id=newest)
    dropped = coordinator.post("/v1/cases", new_case(konfliktrad=OFFICE)).json()["id"]
    coordinator.record(dropped, "other_outcome", NOW, {"outcome": "dropped"}, on_behalf_of="prosecution")
    record("get_case_archive", leader, case_id=dropped)
    elsewhere = record.service.as_("coordinator", "troms")
    urgent = {"code": "urgent_contact", "reason": "The youth has come to our office, and needs help today.", "hours": 2}
    taken = record("take_emergency_access", elsewhere, urgent, case_id=case).json()["id"]
    record("end_emergency_access", elsewhere, emergency_id=taken)
    record("list_emergency_accesses", leader, state="to_review")
    judged = {"justified": True, "note": "We could not be reached that evening."}
    record("review_emergency_access", leader, judged, emergency_id=taken)


def of_identity(record: Recorder) -> None:
    """The same youth told of in another office: questions for those who may see the person stored before."""
    secretariat = record.service.as_("secretariat")
    for given, family, born, number in (
        ("Vimsete", "Vaffelpresse", "2009-03-14", "14830950045"),
        ("Prikkete", "Lyngtue", "2009-05-17", "17850998027"),
    ):
        youth = {"given_name": given, "family_name": family, "born": born, "national_id": number}
        for office in (OFFICE, "troms"):
            opener = record.service.as_("coordinator", office)
            assert opener.post("/v1/cases", new_case(konfliktrad=office, person=youth)).status_code == 201
    listed = record("list_identity_questions", secretariat).json()["items"]
    first, second = (one["id"] for one in listed[:2])
    record("confirm_identity_question", secretariat, question_id=first)
    reason = {"reason": "Two cousins: the school has confirmed that they are two."}
    record("reject_identity_question", secretariat, reason, question_id=second)


def across_cases(record: Recorder) -> None:
    coordinator = record.service.as_("coordinator", OFFICE)
    for operation in (
        "list_cases", "list_breaches", "list_complaints", "list_consents", "list_meetings", "list_plans", "get_delays",
        "get_worklist", "list_task_kinds", "get_late_forecast",
    ):  # fmt: skip
        record(operation, coordinator)
    record("run_nightly_job", record.service.as_("admin"), {"on": str(NOW)})
    record("list_nightly_runs", record.service.as_("admin"))
    record("list_job_runs", record.service.as_("admin"))
    record("list_unreached_alerts", coordinator)
    alerts = record("list_alerts", coordinator).json()["items"]
    alert = alerts[0]["id"]
    record("get_alert", coordinator, alert_id=alert)
    record("acknowledge_alert", coordinator, alert_id=alert)
    record("answer_alert", coordinator, {"reason": "capacity", "expected_on": "2026-03-20"}, alert_id=alert)
    record("snooze_alert", coordinator, {"until": "2026-03-05"}, alert_id=alert)
    dispatch(record.service.db, EncryptionKeys([KEY]), record.service.clock())
    notices = record("list_notices", coordinator).json()["items"]
    record("mark_notice_read", coordinator, notice_id=notices[0]["id"])


def of_retention(record: Recorder) -> None:
    """The basis of a rule entered, and a person erased whose case came to nothing."""
    admin, leader = record.service.as_("admin"), record.service.as_("leader", OFFICE)
    basis = {"basis": "Consent to destruction.", "source": "Decision 1/2026 of the national archivist"}
    record("confirm_retention_rule", admin, basis | {"name": "Kari Nordmann", "keep": {"days": 30}}, rule="persons")
    record("list_retention_rules", admin)
    record("run_retention", admin, {"dry_run": True})
    youth = {"given_name": "Stripete", "family_name": "Fiskegrateng", "born": "2009-04-05"}
    case = leader.post("/v1/cases", new_case(konfliktrad=OFFICE, person=youth)).json()
    leader.record(case["id"], "other_outcome", "2026-01-05", {"outcome": "dropped"}, on_behalf_of="prosecution")
    record("erase_person", leader, {"reason": "The youth has asked for it."}, person_id=case["person"]["id"])


def of_the_office(record: Recorder) -> None:
    coordinator, leader = record.service.as_("coordinator", OFFICE), record.service.as_("leader", OFFICE)
    feed = record("create_calendar_feed", coordinator).json()
    record("get_calendar", None, secret=feed["address"].rpartition("/")[2].removesuffix(".ics"))
    record("list_calendar_feeds", coordinator)
    record("revoke_calendar_feed", coordinator, feed_id=feed["id"])
    record("put_own_contact", coordinator, {"language": "nn"})
    record("get_own_contact", coordinator)
    group = {"contacts": [{"agency": "police", "name": "Politikontakt", "email": "ungdom@politi.example"}]}
    record("put_coordination_group", leader, group, konfliktrad=OFFICE)
    record("get_coordination_group", coordinator, konfliktrad=OFFICE)
    record("list_coordination_groups", leader)
    record("put_contact", leader, {"language": "nb"}, subject=f"coordinator-{OFFICE}-2")
    of_staff(record)
    provider = {
        "name": "Molde treningssenter",
        "agency": "kommunal_psykisk_helse",
        "measures": ["programme_or_treatment"],
    }
    body = provider | {"valid_from": "2026-01-01"}
    made = record("add_measure_provider", leader, body).json()
    room = {"code": "programme_or_treatment", "as_of": "2026-03-01", "status": "open", "places": 2}
    record("add_provider_availability", leader, room, provider_id=made["id"])
    record("get_measure_provider", coordinator, provider_id=made["id"])
    record("list_measure_catalogue", coordinator)
    of_webhooks(record)


def of_webhooks(record: Recorder) -> None:
    """A webhook from its making to its end."""
    leader = record.service.as_("leader", OFFICE)
    hook = record("create_webhook", leader, HOOK).json()["id"]
    record("list_webhooks", leader)
    record("read_feed", leader, limit=2)
    record("get_webhook", leader, webhook_id=hook)
    record("change_webhook", leader, {"kinds": ["alert.raised", "alert.cleared"]}, webhook_id=hook)
    record("list_webhook_deliveries", leader, webhook_id=hook)
    record("rotate_webhook_secret", leader, webhook_id=hook)
    record("replay_webhook_deliveries", leader, {}, webhook_id=hook)
    record("delete_webhook", leader, webhook_id=hook)
    nowhere = leader.post("/v1/webhooks", {"url": NOWHERE, "kinds": ["alert.raised"]}).json()["id"]
    record("send_webhook_test", leader, webhook_id=nowhere)


def of_staff(record: Recorder) -> None:
    """A new member of staff, an absence with a hand-over that ends early, and cases that change hands."""
    leader = record.service.as_("leader", OFFICE)
    new = {
        "subject": "kari-nordmann",
        "name": "Kari Nordmann",
        "roles": ["coordinator"],
        "konfliktrad": OFFICE,
        "active_from": "2026-03-01",
        "contact": {"language": "nn"},
    }
    etag = record("add_staff", leader, new).headers["ETag"]
    record("change_staff", leader, {"telephone": "+47 000 12345"}, etag, subject="kari-nordmann")
    away = {"first_day": str(NOW), "last_day": "2026-03-20", "substitute": "kari-nordmann", "hand_over": True}
    absence = record("add_absence", leader, away, subject=f"coordinator-{OFFICE}").json()["absence"]["id"]
    record("end_absence", leader, subject=f"coordinator-{OFFICE}", absence_id=absence)
    record("list_staff", leader)
    record("get_staff", leader, subject="kari-nordmann")
    record("list_staff_changes", leader, subject="kari-nordmann")
    wish = {"from": f"coordinator-{OFFICE}", "to": "kari-nordmann", "reason": "workload"}
    record("reassign_cases", leader, wish, dry_run=True)


def decision(kind: str, number: str, day: str, terms: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "decision_id": number,
        "version": 1,
        "occurred_on": day,
        "sent_at": f"{day}T12:00:00+02:00",
        "police_case_numbers": ["15434812"],
        "person": {"born": "2008-02-11", "given_name": "Fin", "family_name": "Stilling"},
        "terms": terms,
        **more,
    }


def of_decisions(record: Recorder) -> None:
    sender = record.service.as_("prosecution", "oslo")
    given = {"length": {"months": 8}, "subsidiary_prison": {"months": 5}}
    parked = record("push_decision", sender, decision("judgment_given", "D-2", "2025-06-12", given)).json()
    record("retry_decision", sender, {}, message_id=parked["id"])
    opening = {
        "sanction": "youth_sanction",
        "registered_on": "2025-04-01",
        "suspect_on": "2025-04-02",
        "konfliktrad": "oslo",
        "offences": [{"on": "2025-03-29"}],
    }
    first = decision("indicted", "D-1", "2025-05-05", {"court_received_on": "2025-05-06"}, opening=opening)
    record("push_decisions", sender, json.dumps(first) + "\n")
    record("list_decisions", sender)
    record("get_decision", sender, message_id=parked["id"])
    strange = decision("became_final", "D-9", "2025-06-27", {}, police_case_numbers=["99999999"])
    kept = record("push_decision", sender, strange).json()
    record("dismiss_decision", record.service.as_("secretariat"), message_id=kept["id"])
    sent = record("push_official_message", sender, official.domsavgjoerelse())
    message = sent.headers["Location"].rpartition("/")[2]
    record("get_official_message", sender, message_id=message)
    record("list_official_messages", sender)


def of_analysts(record: Recorder) -> None:
    secretariat, analyst = record.service.as_("secretariat"), record.service.as_("analyst")
    record("list_deadline_rules", secretariat)
    change = {"code": "plan_meeting", "length": {"days": 30}}
    record("simulate_deadline_rules", secretariat, {"changes": [change]})
    record("get_workflow", secretariat, sanction="youth_follow_up", regime="R2")
    for operation in ("get_completion_statistics", "get_lead_time_statistics", "get_recidivism_statistics"):
        record(operation, secretariat, **PERIOD)
    record("get_office_comparison", secretariat, statistic="completion.closed", **PERIOD)
    for operation in ("get_statistics_overview", "get_waits_by_party", "get_relapse_by_outcome", "get_explanation"):
        record(operation, secretariat, **PERIOD)
    record("get_completion_cohorts", secretariat, by="age")
    record("get_indicators", secretariat, **PERIOD)
    record("get_survey_statistics", secretariat, **PERIOD)
    for operation in ("get_caseload", "list_statistic_definitions", "list_indicator_definitions"):
        record(operation, secretariat)
    for operation in ("list_releases", "list_extracts", "list_extract_jobs"):
        record(operation, analyst)
    record("get_extract", analyst, name="cases", purpose="demo", format="csv")
    auditor = record.service.as_("auditor")
    pull = record("list_extract_pulls", auditor).json()["items"][0]["id"]
    record("get_extract_manifest", auditor, pull_id=pull)
    record("get_audit", auditor)
    job = record("order_extract_job", analyst, {"extract": "cases", "purpose": "demo", "format": "csv"}).json()["id"]
    record("get_extract_job", analyst, job_id=job)
    made = record("create_extract_schedule", analyst, {"extract": "cases", "purpose": "demo", "every": "month"})
    record("list_extract_schedules", analyst)
    record("end_extract_schedule", analyst, schedule_id=made.json()["id"])


def of_operators(record: Recorder) -> None:
    record("check_liveness", None)
    record("check_readiness", None)
    record("get_problem", None, code="refused")


def text() -> str:
    """The file."""
    return json.dumps(recorded(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main(file: Path) -> None:
    """Write them to the file, in a process of their own: what ran before would draw from the same ids."""
    file.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
