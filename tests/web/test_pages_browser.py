"""The pages in a real browser: the story of a late case, also without JavaScript and by keyboard; and axe on each."""

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import Page

from tests.web.browser import Site, Watched, barriers, signed_in
from tests.web.every_page import PAGES, SANDBOX, Reader
from ungdom import clock
from ungdom.sandbox import exercises
from ungdom.store import job_runs
from ungdom.store.job_runs import JobProgress
from ungdom.store.session import Database

MOST_TABS = 80


def record_with_a_mistake_and_correct_it(page: Page, site: Site, case: str) -> None:
    """From the page of the case: a plan meeting without a day, then right, then corrected."""
    page.goto(f"{site.address}/cases/{site.cases[case]}")
    page.get_by_role("link", name="Ungdomsplanmøte holdt").click()
    page.get_by_label("Hvilken dag skjedde det?").fill("")
    page.get_by_label("Ungdommen", exact=True).check()
    page.get_by_role("button", name="Lagre").click()
    assert page.locator("#f-occurred_on-error").is_visible()
    assert page.get_by_label("Ungdommen", exact=True).is_checked()
    page.get_by_label("Hvilken dag skjedde det?").fill("2026-01-06")
    page.get_by_label("Vergen", exact=True).check()
    page.get_by_role("button", name="Se hva som skjer").click()
    assert page.get_by_text("Dette skjer når du lagrer").is_visible()
    page.get_by_role("button", name="Lagre").click()
    page.wait_for_url("**?saved=*")
    page.locator(".history li").first.get_by_text("Rett", exact=True).click()
    page.get_by_label("Skolen", exact=True).check()
    page.locator("#f-reason").select_option(index=1)
    page.get_by_role("button", name="Lagre").click()
    page.wait_for_url("**?saved=*")
    assert page.locator(".history del").first.inner_text() == "Ungdomsplanmøte holdt"


def test_a_newcomer_finds_a_late_case_and_why_within_three_clicks(visit: Callable[..., Page], site: Site) -> None:
    page = visit()
    page.goto(f"{site.address}/")
    page.get_by_role("button", name="coordinator-oslo").click()
    page.locator("table.work a.reference").first.click()
    page.wait_for_url("**/cases/*")

    assert page.get_by_role("heading", name="Hvorfor er saken forsinket?").is_visible()
    assert page.locator(".why p").first.is_visible()
    assert page.get_by_text("hadde det vært").first.is_visible()


def test_an_event_is_recorded_with_a_mistake_and_corrected(visit: Callable[..., Page], site: Site) -> None:
    record_with_a_mistake_and_correct_it(signed_in(visit(), site), site, "late")


def test_the_same_without_javascript(visit: Callable[..., Page], site: Site) -> None:
    page = signed_in(visit(javascript=False), site)
    page.locator("#f-late").select_option("yes")
    page.get_by_role("button", name="Vis").click()
    page.wait_for_url("**late=yes**")
    assert page.locator("table.work a.reference").count() >= 1
    record_with_a_mistake_and_correct_it(page, site, "without_javascript")


def reach(page: Page, selector: str) -> None:
    """Press Tab until this element has the focus."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached by {MOST_TABS} tabs")


def press(page: Page, selector: str, key: str) -> None:
    """Reach this element and press the key there."""
    reach(page, selector)
    page.keyboard.press(key)


def test_the_same_by_keyboard_alone(visit: Callable[..., Page], site: Site) -> None:
    page = visit()
    page.goto(f"{site.address}/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    press(page, "form:has([value=coordinator-oslo]) button", "Enter")
    page.wait_for_url("**/today")
    press(page, f"a[href='/cases/{site.cases['by_keyboard']}']", "Enter")
    page.wait_for_url("**/cases/*")
    press(page, "a[href$='/record/plan_meeting_held']", "Enter")
    page.wait_for_url("**/record/plan_meeting_held")
    press(page, "input[value=youth]", "Space")
    press(page, "button[value=save]", "Enter")
    page.locator("#summary").wait_for()  # the guardian is missing
    assert page.evaluate("document.activeElement.id") == "summary"
    press(page, "input[value=guardian]", "Space")
    press(page, "button[value=save]", "Enter")
    page.wait_for_url("**?saved=*")
    press(page, "a[href*='/correct/']", "Enter")
    page.wait_for_url("**/correct/*")
    press(page, "input[value=school]", "Space")
    press(page, "#f-reason", "ArrowDown")
    press(page, "button[value=save]", "Enter")
    page.wait_for_url("**?saved=*")
    assert page.locator(".history del").first.inner_text() == "Ungdomsplanmøte holdt"


def test_a_double_click_records_once(visit: Callable[..., Page], site: Site) -> None:
    page = signed_in(visit(), site)
    page.goto(f"{site.address}/cases/{site.cases['clicked_twice']}/record/plan_meeting_held")
    page.get_by_label("Ungdommen", exact=True).check()
    page.get_by_label("Vergen", exact=True).check()
    page.get_by_role("button", name="Lagre").dblclick()
    page.wait_for_url("**?saved=*")
    assert page.locator(".history li", has_text="Ungdomsplanmøte holdt").count() == 1


def test_what_is_typed_is_kept_while_one_types(visit: Callable[..., Page], site: Site) -> None:
    page, path = signed_in(visit(), site), f"{site.address}/cases/{site.cases['left_alone']}/record/plan_meeting_held"
    page.goto(path)
    with page.expect_response(lambda response: response.request.method == "POST") as kept:
        page.get_by_label("Ungdommen", exact=True).check()
    assert kept.value.status == 204
    page.goto(path)
    assert page.get_by_label("Ungdommen", exact=True).is_checked()
    page.get_by_role("button", name="Forkast kladden").click()
    page.wait_for_url("**/record/plan_meeting_held")
    assert not page.get_by_label("Ungdommen", exact=True).is_checked()


def test_the_language_is_switched_and_remembered(visit: Callable[..., Page], site: Site) -> None:
    page = signed_in(visit(), site)
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name="Tasks of today").wait_for()
    page.goto(f"{site.address}/cases/{site.cases['new']}")
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("button", name="Nynorsk").click()
    page.get_by_role("heading", name="Historikk").wait_for()
    page.get_by_text("Kan registrerast no").wait_for()


def test_a_filter_changes_the_list_without_loading_the_page(visit: Callable[..., Page], site: Site) -> None:
    page = signed_in(visit(), site)
    page.evaluate("window.same = true")
    before = page.locator("table.work tbody tr").count()
    page.locator(".tabs a", has_text="Få ungdomsplanen på plass").click()
    page.wait_for_url("**kind=make_plan**")
    page.locator(".tabs [aria-current]", has_text="Få ungdomsplanen på plass").wait_for()
    assert page.evaluate("window.same") is True
    assert 0 < page.locator("table.work tbody tr").count() < before
    page.reload()
    assert page.locator(".tabs [aria-current]").inner_text().startswith("Få ungdomsplanen")


def report(site: Site, run_id: UUID | None, done: int) -> UUID:
    """A rotation of keys that has come so far; a new one without an id."""
    db, now = Database.open(site.database), clock.now()
    with db.writing() as tx:
        run_id = run_id or job_runs.start(tx, job_runs.KEY_ROTATION, date(2026, 1, 5), now)
        job_runs.record_progress(tx, run_id, JobProgress("records", done, 400, now))
    db.close()
    return run_id


def test_a_job_is_followed_as_it_runs_and_without_javascript_by_loading_the_page(
    visit: Callable[..., Page], site: Site
) -> None:
    run_id = report(site, None, 100)
    page, plain = (signed_in(visit(javascript=script), site, Reader.ADMIN) for script in (True, False))
    for shown in (page, plain):
        shown.goto(f"{site.address}/administration/jobs")
        assert shown.locator("progress.done").get_attribute("value") == "100"
    page.get_by_text("Oppdateres av seg selv").wait_for()
    page.evaluate("window.same = true")
    report(site, run_id, 399)
    page.get_by_text("399 av 400").wait_for()
    assert page.locator("progress.done").get_attribute("value") == "399"
    assert page.evaluate("window.same") is True
    plain.get_by_role("link", name="Last inn siden på nytt").click()
    plain.get_by_text("399 av 400").wait_for()


@pytest.mark.parametrize("width", [1280, 320])
def test_no_page_has_a_barrier(visit: Callable[..., Page], site: Site, width: int) -> None:
    """Axe finds nothing, and no page is wider than the window."""
    readers = {reader: visit(width) for reader in Reader}
    for reader in set(Reader) - {Reader.NOBODY}:
        signed_in(readers[reader], site, reader)
    found: dict[str, Any] = {}
    for name, seen in PAGES.items():
        shown = readers[seen.reader]
        shown.goto(site.address + seen.address.format(**site.cases))
        if faults := barriers(shown):
            found[name] = faults
    assert found == {}


@pytest.mark.parametrize("width", [1280, 320])
def test_no_page_of_a_sandbox_has_a_barrier(
    visit: Callable[..., Page], sandbox: str, width: int, watched: Watched
) -> None:
    page, found = visit(width), {}
    for name, seen in SANDBOX.items():
        page.goto(sandbox + seen.address.format(exercise=sorted(exercises.histories())[0]))
        if faults := barriers(page):
            found[name] = faults
    watched.hosts.discard(urlsplit(sandbox).netloc)
    assert found == {}
