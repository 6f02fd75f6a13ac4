"""What people do all day, in a real browser: consents, alerts, many cases at once, and what goes wrong meanwhile."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser import Site, Watched, signed_in
from tests.web.every_page import Reader


@pytest.fixture
def page(visit: Callable[..., Page], site: Site) -> Page:
    """A coordinator who has signed in."""
    return signed_in(visit(), site)


def form_of(page: Page, site: Site, case: str, kind: str) -> None:
    page.goto(f"{site.address}/cases/{site.cases[case]}/record/{kind}")


def save(page: Page) -> None:
    page.get_by_role("button", name="Lagre").click()


def test_a_consent_is_withdrawn_from_the_page_of_the_case(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/cases/{site.cases['consent']}")
    page.get_by_role("link", name="Samtykke trukket", exact=True).click()
    page.locator("#f-details-by").select_option("guardian")
    page.get_by_role("button", name="Se hva som skjer").click()
    expect(page.get_by_text("Dette skjer når du lagrer")).to_be_visible()
    save(page)
    page.wait_for_url("**?saved=*")
    expect(page.locator(".history li").first).to_contain_text("Samtykke trukket")


def test_an_alert_is_taken_and_is_gone_when_the_step_is_recorded(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/delays?code=first_contact")
    card = page.locator(".alert-card", has=page.locator(f"a[href='/cases/{site.cases['alerted']}']"))
    alert = (card.get_attribute("id") or "").removeprefix("alert-")
    card.locator("summary").click()
    card.get_by_role("button", name="Jeg tar meg av det").click()
    expect(page.locator(f"#alert-{alert}")).to_contain_text("Sett")

    form_of(page, site, "alerted", "first_contact")
    save(page)
    page.wait_for_url("**?saved=*")
    page.goto(f"{site.address}/delays?code=first_contact")
    expect(page.get_by_role("heading", name="Forsinkelser")).to_be_visible()
    expect(page.locator(f"#alert-{alert}")).to_have_count(0)
    page.goto(f"{site.address}/delays/{alert}")
    expect(page.get_by_text("Avsluttet").first).to_be_visible()


def test_what_a_colleague_records_meanwhile_is_shown_and_nothing_typed_is_lost(
    page: Page, visit: Callable[..., Page], site: Site
) -> None:
    form_of(page, site, "meanwhile", "plan_meeting_held")
    page.get_by_label("Ungdommen", exact=True).check()
    page.get_by_label("Vergen", exact=True).check()
    colleague = signed_in(visit(), site, Reader.LEADER)
    form_of(colleague, site, "meanwhile", "first_contact")
    save(colleague)
    colleague.wait_for_url("**?saved=*")

    save(page)
    expect(page.locator("#summary")).to_contain_text("Første kontakt med ungdommen")
    expect(page.get_by_label("Vergen", exact=True)).to_be_checked()
    save(page)
    page.wait_for_url("**?saved=*")
    expect(page.locator(".history li", has_text="Ungdomsplanmøte holdt")).to_have_count(1)


def test_a_session_that_ends_in_the_middle_of_a_form_saves_nothing_and_loses_nothing(
    page: Page, site: Site, watched: Watched
) -> None:
    watched.expected = re.compile(r"status of (?:401|404|409|412|422)")
    form_of(page, site, "session", "plan_meeting_held")
    with page.expect_response(lambda response: response.request.method == "POST"):  # the draft
        page.get_by_label("Ungdommen", exact=True).check()
    elsewhere = page.context.new_page()
    elsewhere.goto(f"{site.address}/today")
    elsewhere.get_by_role("button", name="Logg ut", exact=True).click()
    elsewhere.get_by_role("heading", level=1).wait_for()
    save(page)
    expect(page.locator("main")).to_contain_text("ingenting er lagret")

    signed_in(page, site)
    page.goto(f"{site.address}/cases/{site.cases['session']}")
    expect(page.locator(".history li", has_text="Ungdomsplanmøte holdt")).to_have_count(0)
    form_of(page, site, "session", "plan_meeting_held")
    expect(page.get_by_label("Ungdommen", exact=True)).to_be_checked()


def test_a_drawing_has_its_figures_in_a_table(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/cases/{site.cases['late']}")
    timeline = page.locator("#timeline")
    timeline.get_by_text("Vis som tabell").click()
    expect(timeline.get_by_role("table")).to_be_visible()
    expect(timeline.get_by_role("row", name="Under forberedelse").first).to_be_visible()
    page.goto(f"{site.address}/office/curves?since=2025-01-01")
    expect(page.get_by_role("img")).to_be_visible()
    expect(page.get_by_role("table").locator("tbody tr").first).to_contain_text("%")


def test_many_cases_are_given_to_another_after_they_were_looked_at(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/today")
    page.get_by_role("link", name="Fordel saker på nytt").click()
    page.locator("#f-from").select_option("coordinator-oslo")
    page.locator("#f-to").select_option("coordinator-oslo-2")
    page.locator("#f-reason").select_option(index=1)
    page.get_by_role("button", name="Se hva som skjer").click()
    expect(page.locator("#outcome-title")).to_contain_text("kan fordeles")
    tried = page.locator("table tbody tr").count()
    page.get_by_role("button", name="Fordel", exact=True).click()
    expect(page.locator("#outcome-title")).to_contain_text("er fordelt")
    assert page.locator("table tbody tr").count() == tried > 1
    page.goto(f"{site.address}/today?whose=mine")
    expect(page.get_by_role("heading", name="Oppgaver i dag")).to_be_visible()
    expect(page.locator(f"a[href='/cases/{site.cases['late']}']")).to_have_count(0)
