"""Recording and correcting by a form, over HTTP: generated, refused, previewed, overtaken, sent twice."""

import re
from typing import Any

import pytest

from tests.api.build import DAY, case_at, etag, events_of
from tests.service import Client, Service
from tests.web.visiting import Visitor
from ungdom.api.events.forms import form_of
from ungdom.web.case_page import field_label
from ungdom.web.forms import MOST_ROWS, Control, SchemaForm, entered_from
from ungdom.web.receipts import length_in, receipt
from ungdom.workflow.events import details_schema, plain_details, read_details
from ungdom.workflow.vocabulary import EventType

HELD = {"occurred_on": DAY, "/details/present": ["youth", "guardian"]}
VERSION = re.compile(r'name="version" value="([^"]+)"')


@pytest.fixture
def client(one: Service) -> Client:
    return one.as_("coordinator", "oslo")


@pytest.fixture
def visitor(one: Service) -> Visitor:
    return Visitor(one).sign_in("coordinator", "oslo")


def form_at(visitor: Visitor, path: str) -> dict[str, Any]:
    """The hidden fields of a form: its key, and the version of the case that it was made for."""
    page = visitor.get(path)
    assert page.status_code == 200, page.text
    match = VERSION.search(page.text)
    assert match
    return {"key": re.findall(r'name="key" value="([^"]+)"', page.text)[-1], "version": match[1].replace("&#34;", '"')}


def test_an_event_is_recorded_by_a_form(visitor: Visitor, client: Client) -> None:
    case = case_at(client, "preparing")
    path = f"/cases/{case}/record/plan_meeting_held"
    sent = visitor.post(path, form_at(visitor, path) | HELD | {"action": "save"})
    assert sent.status_code == 303, sent.text
    last = events_of(client, case)[-1]
    assert sent.headers["location"] == f"/cases/{case}?saved={last['seq']}"
    assert (last["type"], last["details"]) == ("plan_meeting_held", {"present": ["youth", "guardian"]})
    assert f"nummer {last['seq']}" in visitor.get(sent.headers["location"]).text


def test_a_form_sent_twice_is_recorded_once(visitor: Visitor, client: Client) -> None:
    case = case_at(client, "preparing")
    path = f"/cases/{case}/record/plan_meeting_held"
    fields = form_at(visitor, path) | HELD | {"action": "save"}
    first, second = visitor.post(path, fields), visitor.post(path, fields)
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert [event["type"] for event in events_of(client, case)].count("plan_meeting_held") == 1


def test_what_is_wrong_is_named_at_its_field_and_what_was_typed_stays(visitor: Visitor, client: Client) -> None:
    case = case_at(client, "preparing")
    path = f"/cases/{case}/record/plan_meeting_held"
    answer = visitor.post(path, form_at(visitor, path) | HELD | {"occurred_on": ""})
    assert answer.status_code == 422
    assert 'id="f-occurred_on-error"' in answer.text
    assert re.search(r'value="guardian" checked', answer.text)
    missing = visitor.post(path, form_at(visitor, path) | {"occurred_on": DAY})
    assert missing.status_code == 422
    assert 'id="f-details-present-error"' in missing.text
    assert events_of(client, case)[-1]["type"] == "assigned"


def test_a_preview_changes_nothing(visitor: Visitor, client: Client) -> None:
    case = case_at(client, "preparing")
    path = f"/cases/{case}/record/plan_meeting_held"
    answer = visitor.post(path, form_at(visitor, path) | HELD | {"action": "preview"})
    assert answer.status_code == 200
    assert "Dette skjer når du lagrer" in answer.text
    assert "Påtalemyndigheten får melding" not in answer.text
    postponed = f"/cases/{case}/record/postponed"
    fields = {"occurred_on": DAY, "/details/reason": "health", "action": "preview"}
    told = visitor.post(postponed, form_at(visitor, postponed) | fields)
    body = {"type": "postponed", "occurred_on": DAY, "details": {"reason": "health"}}
    tried = client.post(f"/v1/cases/{case}/events?dry_run=true", body, etag(client, case))
    wanted = tried.json()["official_status"]
    assert [part["part"] for part in wanted] == ["stansUngdomsreaksjon"]
    assert "Påtalemyndigheten får melding" in told.text
    assert "Under gjennomføring" in answer.text
    assert events_of(client, case)[-1]["type"] == "assigned"


def test_what_others_recorded_meanwhile_is_shown_and_the_form_can_be_sent_again(
    visitor: Visitor, client: Client
) -> None:
    case = case_at(client, "preparing")
    path = f"/cases/{case}/record/plan_meeting_held"
    fields = form_at(visitor, path) | HELD
    assert client.record(case, "first_contact", DAY).status_code == 201
    refused = visitor.post(path, fields)
    assert refused.status_code == 412
    assert "Første kontakt med ungdommen" in refused.text
    assert re.search(r'value="youth" checked', refused.text)
    match = VERSION.search(refused.text)
    assert match
    key = re.findall(r'name="key" value="([^"]+)"', refused.text)[-1]
    again = {"key": key, "version": match[1].replace("&#34;", '"'), **HELD}
    assert visitor.post(path, again).status_code == 303


def test_a_step_that_is_not_possible_says_every_reason(visitor: Visitor, client: Client) -> None:
    case = case_at(client, "preparing")
    path = f"/cases/{case}/record/completed"
    wanted = {option["type"]: option for option in client.get(f"/v1/cases/{case}/options").json()["items"]}["completed"]
    page = visitor.get(path)
    answer = visitor.post(path, form_at(visitor, path) | {"occurred_on": DAY})
    assert answer.status_code == 409
    for condition in wanted["unmet"]:
        assert condition["message"] in page.text
    assert 'class="reasons"' in answer.text


def test_an_event_is_corrected_and_annulled_from_the_history(visitor: Visitor, client: Client) -> None:
    case = case_at(client, "executing")
    seq = events_of(client, case)[-1]["seq"]
    assert f"/cases/{case}/correct/{seq}" in visitor.get(f"/cases/{case}").text
    path = f"/cases/{case}/correct/{seq}"
    fields = form_at(visitor, path) | {"occurred_on": DAY, "reason": "wrong_details"}
    unchanged = visitor.post(path, fields | {"/details/present": ["youth", "guardian"]})
    assert unchanged.status_code == 409
    fields |= {"key": form_at(visitor, path)["key"], "/details/present": ["youth", "guardian", "school"]}
    assert visitor.post(path, fields).status_code == 303
    page = visitor.get(f"/cases/{case}").text
    assert "<del>Ungdomsplanmøte holdt</del>" in page

    contact = client.record(case, "first_contact", DAY).json()["seq"]
    path = f"/cases/{case}/correct/{contact}"
    annulled = form_at(visitor, path) | {"reason": "wrong_details", "action": "annul"}
    shown = visitor.post(path, annulled)
    assert shown.status_code == 200
    assert 'value="annul_now"' in shown.text
    assert events_of(client, case)[contact - 1]["standing"] == "current"
    assert visitor.post(path, annulled | {"action": "annul_now"}).status_code == 303
    assert events_of(client, case)[contact - 1]["standing"] == "annulled"


def test_whoever_may_not_see_the_case_gets_no_form(one: Service, client: Client) -> None:
    case = case_at(client, "preparing")
    for role, office in (("coordinator", "troms"), ("team_member", None), ("admin", None)):
        other = Visitor(one).sign_in(role, office, "stranger" if office is None else None)
        path = f"/cases/{case}/record/plan_meeting_held"
        assert other.get(path).status_code in (403, 404)
        key = {"key": re.findall(r'name="key" value="([^"]+)"', other.get("/sign-in").text)[-1], "version": '"1"'}
        assert other.post(path, key | HELD).status_code in (403, 404)
    assert events_of(client, case)[-1]["type"] == "assigned"


DETAILS: dict[EventType, dict[str, Any]] = {
    EventType.PLAN_MEETING_HELD: {"present": ["youth", "school"]},
    EventType.TRANSFERRED_TO_FOLLOW_UP: {"length": {"months": 6, "days": 3}, "guilt_proven": True},
    EventType.PLAN_APPROVED: {
        "measures": [
            {"measure": "m1", "code": "school", "hours_a_week": 4, "since": "2026-01-05", "intended_for": "health"},
            {"measure": "m2", "code": "school"},
        ],
        "notified_on": "2026-01-06",
    },
    EventType.REOPENED: {"reason": "mistake", "goes_on": [3, 4]},
}


@pytest.mark.parametrize("kind", DETAILS)
def test_what_is_typed_in_a_form_is_what_was_meant(kind: EventType) -> None:
    plain = plain_details(kind, read_details(kind, DETAILS[kind])) if kind is not EventType.REOPENED else DETAILS[kind]
    form = SchemaForm(form_of(kind, "nb"), entered_from(plain))
    given = form.details()
    assert {name: given[name] for name in DETAILS[kind]} == DETAILS[kind]


@pytest.mark.parametrize("kind", list(EventType))
def test_every_event_has_a_form_with_a_label_for_each_field(kind: EventType) -> None:
    names = [name for name, part in details_schema(kind).get("properties", {}).items() if part.get("format") != "uuid"]
    controls = SchemaForm(form_of(kind, "nb")).controls()
    assert [control.name for control in controls] == [f"/details/{name}" for name in names]
    assert [control.name for control in controls if not control.help] == []
    assert SchemaForm(form_of(kind, "nb")).details() == {}


def test_rows_of_a_form_are_bounded_by_what_was_sent(visitor: Visitor, client: Client) -> None:
    case = case_at(client, "executing")
    path = f"/cases/{case}/record/plan_changed"
    fields = form_at(visitor, path) | {"occurred_on": DAY}
    wild = {"/details/measures/999999999/measure": "x", f"/details/measures/{'9' * 5_000}/measure": "y"}
    answer = visitor.post(path, fields | wild)
    assert answer.status_code == 422
    assert len(answer.content) < 200_000
    many = {f"/details/measures/{row}/measure": "x" for row in range(0, 1_500)}
    answer = visitor.post(path, fields | many)
    assert answer.status_code == 422
    assert f'name="/details/measures/{MOST_ROWS - 1}/measure" type="text" value="x"' in answer.text
    assert f'name="/details/measures/{MOST_ROWS}/measure" type="text" value="x"' not in answer.text


def test_a_fault_is_shown_in_the_row_that_has_it_where_an_earlier_one_was_left_empty(
    visitor: Visitor, client: Client
) -> None:
    case = case_at(client, "executing")
    path = f"/cases/{case}/record/plan_changed"
    rows = {"0/measure": "", "4/measure": "m1", "4/hours_a_week": "many"}
    rows = {f"/details/measures/{name}": value for name, value in rows.items()}
    answer = visitor.post(path, form_at(visitor, path) | {"occurred_on": DAY} | rows)
    assert answer.status_code == 422
    assert 'name="/details/measures/0/measure" type="text" value="m1"' in answer.text
    assert 'id="f-details-measures-0-hours_a_week-error"' in answer.text


def test_a_number_of_any_length_is_a_fault_at_its_field(visitor: Visitor, client: Client) -> None:
    case = case_at(client, "executing")
    path = f"/cases/{case}/record/plan_changed"
    rows = {"/details/measures/0/measure": "m1", "/details/measures/0/hours_a_week": "9" * 5_000}
    answer = visitor.post(path, form_at(visitor, path) | {"occurred_on": DAY} | rows)
    assert answer.status_code == 422
    assert 'id="f-details-measures-0-hours_a_week-error"' in answer.text


def test_a_note_keeps_its_text_when_its_day_is_corrected(visitor: Visitor, client: Client) -> None:
    case = case_at(client, "preparing", "2026-01-02")
    note = client.record(case, "note_added", DAY, note="Ringte hjem.").json()["seq"]
    before = events_of(client, case)[note - 1]["details"]
    path = f"/cases/{case}/correct/{note}"
    fields = form_at(visitor, path) | {"occurred_on": "2026-01-03", "reason": "wrong_date"}
    assert visitor.post(path, fields).status_code == 303
    replacement = events_of(client, case)[-1]["details"]["replacement"]
    assert replacement == {"type": "note_added", "occurred_on": "2026-01-03", "details": before}


def test_a_second_correction_begins_with_the_first(visitor: Visitor, client: Client) -> None:
    case = case_at(client, "executing")
    seq = events_of(client, case)[-1]["seq"]
    path = f"/cases/{case}/correct/{seq}"
    present = ["youth", "guardian", "school"]
    fields = form_at(visitor, path) | {"occurred_on": DAY, "reason": "wrong_details", "/details/present": present}
    assert visitor.post(path, fields).status_code == 303
    assert f'href="{path}"' in visitor.get(f"/cases/{case}").text
    assert re.search(r'value="school" checked', visitor.get(path).text)
    annulled = form_at(visitor, path) | {"reason": "wrong_details", "action": "annul_now"}
    assert visitor.post(path, annulled).status_code == 303
    assert f'href="{path}"' in visitor.get(f"/cases/{case}").text
    assert visitor.post(path, fields | form_at(visitor, path)).status_code == 303
    assert events_of(client, case)[seq - 1]["standing"] == "corrected"


@pytest.mark.parametrize("kind", ["", "foo", "completed"])
def test_the_kind_of_a_correction_is_that_of_its_event(visitor: Visitor, client: Client, kind: str) -> None:
    case = case_at(client, "executing")
    seq = events_of(client, case)[-1]["seq"]
    path = f"/cases/{case}/correct/{seq}"
    fields = form_at(visitor, path) | {"kind": kind, "occurred_on": DAY, "reason": "wrong_details"}
    assert visitor.post(path, fields | {"/details/present": ["youth", "guardian", "school"]}).status_code == 303
    assert events_of(client, case)[-1]["details"]["replacement"]["type"] == "plan_meeting_held"


def test_who_may_correct_is_what_the_rules_of_corrections_answer(one: Service, client: Client) -> None:
    case = case_at(client, "assessment")
    for role, office in (("coordinator", "oslo"), ("leader", "oslo"), ("secretariat", None), ("prosecution", "oslo")):
        browser = Visitor(one).sign_in(role, office)
        page = browser.get(f"/cases/{case}")
        assert page.status_code == 200, role
        linked = {int(seq) for seq in re.findall(rf'href="/cases/{case}/correct/([0-9]+)"', page.text)}
        other = one.as_(role, office)
        wanted = set()
        for event in events_of(client, case):
            body = {"seq": event["seq"], "reason": "wrong_details", "replacement": None}
            tag = client.get(f"/v1/cases/{case}").headers["ETag"]
            tried = other.post(f"/v1/cases/{case}/corrections?dry_run=true", body, headers={"If-Match": tag})
            wanted |= {event["seq"]} if tried.status_code in (201, 200, 409) else set()
        assert linked == wanted, role
        for seq in {1, *wanted}:
            assert browser.get(f"/cases/{case}/correct/{seq}").status_code == (200 if seq in wanted else 404), (
                role,
                seq,
            )


@pytest.mark.parametrize("kind", [EventType.CASE_REGISTERED, EventType.OFFENCE_ADDED, EventType.CORRECTED])
def test_the_history_has_a_label_for_each_field_inside_another(kind: EventType) -> None:
    inner = {name for part in details_schema(kind)["$defs"].values() for name in part.get("properties", ())}
    assert {"on"} <= inner or {"actor", "after_seq"} <= inner
    assert {name for name in inner if field_label("nb", kind, name) == name} == set()


def test_a_fault_inside_a_list_of_choices_is_shown_at_the_list(visitor: Visitor, client: Client) -> None:
    case = case_at(client, "preparing")
    path = f"/cases/{case}/record/plan_meeting_held"
    answer = visitor.post(path, form_at(visitor, path) | {"occurred_on": DAY, "/details/present": ["youth", "nobody"]})
    assert answer.status_code == 422
    assert 'id="f-details-present-error"' in answer.text
    assert 'href="#f-details-present"' in answer.text


def shown_default(control: Control, properties: dict[str, Any]) -> str:
    """What the control has to show: the default of the schema, where it is one of a choice."""
    default = properties[control.name.removeprefix("/details/")].get("default")
    if control.kind not in ("choice", "yes_no") or default is None:
        return ""
    return str({True: "yes", False: "no"}.get(default, default))


def test_a_field_that_is_left_empty_shows_the_value_that_is_recorded() -> None:
    shown, wanted = {}, {}
    for kind in EventType:
        properties = details_schema(kind).get("properties", {})
        for control in SchemaForm(form_of(kind, "nb")).controls():
            shown[kind, control.name] = control.default
            wanted[kind, control.name] = shown_default(control, properties)
    assert len(shown) > 80
    assert any(wanted.values())
    assert shown == wanted


def test_the_default_of_a_list_is_chosen_in_the_form(visitor: Visitor, client: Client) -> None:
    case = case_at(client, "preparing")
    page = visitor.get(f"/cases/{case}/record/appealed").text
    select = page[page.index('name="/details/by"') :].partition("</select>")[0]
    assert re.findall(r'<option value="([^"]*)"( selected)?>', select) == [("", " selected"), ("prosecution", "")]


# --- a forgotten event, and the case as it was ---------------------------------------------------------------------


def test_a_forgotten_event_is_put_in_where_it_happened(visitor: Visitor, client: Client) -> None:
    case = case_at(client, "executing")
    assert f"/cases/{case}/insert" in visitor.get(f"/cases/{case}").text
    chosen = f"/cases/{case}/insert/first_contact"
    assert chosen in visitor.get(f"/cases/{case}/insert").text
    fields = form_at(visitor, chosen) | {"occurred_on": DAY, "reason": "forgotten", "after_seq": "8"}
    shown = visitor.post(chosen, fields | {"action": "preview"})
    assert shown.status_code == 200, shown.text
    assert "corrected" not in [event["type"] for event in events_of(client, case)]
    sent = visitor.post(chosen, fields | {"action": "save"})
    assert sent.status_code == 303, sent.text
    [correction] = [event for event in events_of(client, case) if event["type"] == "corrected"]
    assert correction["details"]["insert"]["type"] == "first_contact"


def test_a_forgotten_event_that_does_not_fit_is_refused_at_its_field(visitor: Visitor, client: Client) -> None:
    case = case_at(client, "executing")
    path = f"/cases/{case}/insert/first_contact"
    refused = visitor.post(path, form_at(visitor, path) | {"occurred_on": ""})
    assert refused.status_code == 422
    assert 'id="f-occurred_on-error"' in refused.text
    assert 'id="f-reason-error"' in refused.text
    elsewhere = {"occurred_on": "2026-01-04", "reason": "forgotten", "after_seq": "3"}
    assert visitor.post(path, form_at(visitor, path) | elsewhere).status_code in (409, 422)
    assert visitor.post(path, form_at(visitor, path) | elsewhere | {"after_seq": "9" * 5_000}).status_code == 422
    assert visitor.get(f"/cases/{case}/insert/reopened").status_code == 404


def test_a_case_as_it_was_offers_nothing_to_record(visitor: Visitor, client: Client) -> None:
    case = case_at(client, "executing")
    page = visitor.get(f"/cases/{case}?known_at=2026-02-01")
    assert page.status_code == 200
    assert "/record/" not in page.text
    assert "/correct/" not in page.text
    assert "Du ser saken slik den var" in page.text
    assert visitor.get(f"/cases/{case}?known_at=2020-01-01").status_code == 404


CLOCK = {
    "begun_on": "2026-03-03",
    "length": "P6W",
    "due": "2026-04-14",
    "unmoved": "2026-04-14",
    "law": "strpl. § 249",
    "binding": True,
    "stopped_on": None,
}


def test_a_receipt_counts_in_the_units_of_the_law(client: Client) -> None:
    case = case_at(client, "executing")
    clocks = client.get(f"/v1/cases/{case}/deadlines").json()["items"]
    assert any(clock["length"] and clock["length"].endswith("W") for clock in clocks), clocks
    assert receipt("nb", CLOCK)[:2] == [
        "Begynte 3. mars 2026. Den dagen telles ikke med.",
        "6 uker fram: tirsdag 14. april 2026.",
    ]
    moved = receipt("en", CLOCK | {"length": "P1M", "due": "2026-04-07", "unmoved": "2026-04-03"})
    assert moved[1] == "1 month on: Friday, 3 April 2026."
    assert "not a working day" in moved[2]
    assert receipt("nb", CLOCK | {"length": None})[0].startswith("Dagen er bestemt")
    assert length_in("en", "P1Y6M") == "1 year and 6 months"
