"""Drafts of forms: kept encrypted for the person who typed, shown again, and gone when recorded, old or erased."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from tests.api.build import DAY, case_at, events_of
from tests.service import Service
from tests.web.test_recording import HELD, form_at
from tests.web.visiting import Visitor
from ungdom.jobs.steps import delete_old_drafts
from ungdom.store import web_drafts
from ungdom.store.schema.persons import person
from ungdom.store.schema.web import web_draft
from ungdom.workflow.vocabulary import Protection

YOUTH = 'value="youth" checked'


def stored(service: Service) -> list[Any]:
    with service.db.reading() as tx:
        return list(tx.execute(select(web_draft)).all())


def test_a_form_that_was_begun_is_shown_again_to_the_same_person_until_it_is_recorded(served: Service) -> None:
    case = case_at(served.as_("coordinator", "oslo"), "preparing", DAY)
    visitor, path = Visitor(served).sign_in("coordinator", "oslo"), f"/cases/{case}/record/plan_meeting_held"
    typed = {**form_at(visitor, path), "/details/present": ["youth"], "occurred_on": "2026-01-02"}
    assert YOUTH not in visitor.get(path).text
    answer = visitor.post(path, typed | {"action": "keep"})
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    [row] = stored(served)
    assert b"2026-01-02" not in row.sealed
    assert row.form == "record/plan_meeting_held"
    again = visitor.get(path).text
    assert YOUTH in again
    assert 'value="2026-01-02"' in again
    assert "Dette er kladden din" in again
    assert YOUTH not in visitor.get(f"/cases/{case}/insert/plan_meeting_held").text
    assert YOUTH not in Visitor(served).sign_in("leader", "oslo").get(path).text
    served.clock.instant += timedelta(days=13)
    visitor.sign_in("coordinator", "oslo")
    assert YOUTH in visitor.get(path).text
    recorded = {**form_at(visitor, path), **HELD}
    saved = visitor.post(path, recorded)
    assert saved.status_code == 303, saved.text
    assert events_of(served.as_("coordinator", "oslo"), case)[-1]["type"] == "plan_meeting_held"
    assert stored(served) == []
    late = visitor.post(path, recorded | {"action": "keep"})
    assert (late.status_code, stored(served)) == (303, []), "what a browser saves late of a recorded form is no draft"


def test_a_refused_or_previewed_form_is_kept_and_can_be_discarded(one: Service) -> None:
    case = case_at(one.as_("coordinator", "oslo"), "preparing", DAY)
    visitor, path = Visitor(one).sign_in("coordinator", "oslo"), f"/cases/{case}/record/plan_meeting_held"
    typed = {**form_at(visitor, path), "/details/present": ["youth"], "occurred_on": ""}
    assert visitor.post(path, typed).status_code == 422
    assert YOUTH in visitor.get(path).text
    assert visitor.post(path, {**form_at(visitor, path), **HELD, "action": "preview"}).status_code == 200
    assert 'value="guardian" checked' in visitor.get(path).text
    assert visitor.post(path, {**typed, "key": "x.y", "action": "discard"}).status_code == 403
    assert len(stored(one)) == 1
    assert visitor.post(path, {"key": typed["key"], "action": "discard"}).status_code == 303
    assert stored(one) == []
    script = {"Sec-Fetch-Site": "same-origin", "HX-Request": "true"}
    assert visitor.post(path, typed | {"action": "keep"}, script).status_code == 204
    assert len(stored(one)) == 1


def test_nobody_keeps_a_draft_about_a_case_that_they_do_not_see(one: Service) -> None:
    case = case_at(one.as_("coordinator", "oslo"), "preparing", DAY)
    other = Visitor(one).sign_in("coordinator", "troms")
    key = other.key()
    for form in ("record/plan_meeting_held", "correct/1", "insert/first_contact"):
        assert other.post(f"/cases/{case}/{form}", {"key": key, "action": "keep", "reason": "x"}).status_code == 404
    assert stored(one) == []


def test_a_draft_is_not_shown_to_whoever_learns_less_of_the_case_by_then(served: Service) -> None:
    case = case_at(served.as_("coordinator", "oslo"), "preparing", DAY)
    path = f"/cases/{case}/record/note_added"
    cleared, other = "coordinator-oslo", "coordinator-oslo-2"
    visitors = [Visitor(served).sign_in("coordinator", "oslo", subject) for subject in (other, cleared)]
    for visitor in visitors:
        typed = {**form_at(visitor, path), "note": "Bor hos tante i Storgata.", "action": "keep"}
        assert visitor.post(path, typed).status_code == 303
        assert "Storgata" in visitor.get(path).text

    def is_shown_when(level: Protection) -> list[bool]:
        with served.db.writing() as tx:
            tx.execute(update(person).values(protection=level))
        pages = [visitor.get(path) for visitor in visitors]
        assert [page.status_code for page in pages] == [200, 200]
        return ["Storgata" in page.text for page in pages]

    assert is_shown_when(Protection.CONFIDENTIAL) == [False, True]
    assert is_shown_when(Protection.NONE) == [True, True]


def test_a_draft_is_gone_after_two_weeks_and_with_the_person(served: Service) -> None:
    case = case_at(served.as_("coordinator", "oslo"), "preparing", DAY)
    visitor, path = Visitor(served).sign_in("coordinator", "oslo"), f"/cases/{case}/record/note_added"
    keys = served.app.state.keys
    typed = {**form_at(visitor, path), "note": "Ringte skolen.", "action": "keep"}
    assert visitor.post(path, typed).status_code == 303
    [row] = stored(served)
    late = row.saved_at + web_drafts.KEPT_FOR
    with served.db.reading() as tx:
        whose = (row.subject, row.case_id, row.form)
        draft = web_drafts.find(tx, keys, *whose, late - timedelta(seconds=1))
        assert draft
        assert draft.entered["note"] == ["Ringte skolen."]
        assert not {"key", "action"} & draft.entered.keys()
        assert web_drafts.find(tx, keys, *whose, late) is None
    for at, deleted in ((late - timedelta(seconds=1), 0), (late, 1)):
        assert delete_old_drafts(served.db, at.date(), at) == {"deleted": deleted}
    assert visitor.post(path, typed | form_at(visitor, path)).status_code == 303
    with served.db.writing() as tx:
        assert web_drafts.erase(tx, [row.case_id]) == 1
        assert tx.scalar(select(func.count()).select_from(web_draft)) == 0
