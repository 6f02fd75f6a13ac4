"""Every page and state as people set their browsers: `make web`. Axe finds nothing; a picture of each is kept.

Not among the tests that run each time: some fifty pages and states in seven looks. `tests/web/test_pages_browser.py`
looks at each page at two widths.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.web.browser import PATIENCE, VIOLATIONS, Site, Watched, barriers, signed_in
from tests.web.every_page import PAGES, SANDBOX, Reader
from ungdom.sandbox import exercises

PICTURES = Path(os.environ.get("UNGDOM_WEB_PICTURES") or Path(__file__).parents[2] / "build" / "web")
LOOKS: dict[str, dict[str, Any]] = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    "narrow": {"viewport": {"width": 320, "height": 700}},
    "zoomed": {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2},
    "still": {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "contrast": {"viewport": {"width": 1280, "height": 900}, "forced_colors": "active"},
    "plain": {"viewport": {"width": 1280, "height": 900}, "java_script_enabled": False},
}
"""How a page is looked at. 1280 pixels at 200 % are 640; plain: without JavaScript, where axe cannot run."""


def fault_in_a_form(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/cases/{site.cases['executing']}/record/plan_approved")
    page.locator("#f-occurred_on").fill("")
    page.locator("button[value=save]").click()
    page.locator("#summary").wait_for()


def preview_of_a_form(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/cases/{site.cases['late']}/record/plan_meeting_held")
    for present in ("youth", "guardian"):
        page.locator(f"input[value={present}]").check()
    page.locator("button[value=preview]").click()
    page.get_by_text("Dette skjer når du lagrer").wait_for()


def nobody_found(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/search")
    page.locator("#f-name").fill("Sykkelpumpe")
    page.locator("#f-reason").select_option(index=1)
    page.locator("main form button").click()
    page.locator("#found-title").wait_for()


def reassignment_tried(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/reassign")
    page.locator("#f-from").select_option("coordinator-oslo")
    page.locator("#f-to").select_option("coordinator-oslo-2")
    page.locator("#f-reason").select_option(index=1)
    page.locator("button[value=preview]").click()
    page.locator("#outcome-title").wait_for()


def contact_refused(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/administration/contacts/oslo")
    page.locator("#new-name").fill("Uten etat")
    page.locator("#new-title ~ form button").click()
    page.locator("#summary").wait_for()


STATES: dict[str, tuple[Reader, Callable[[Page, Site], None]]] = {
    "a fault in a form": (Reader.COORDINATOR, fault_in_a_form),
    "a form before it is saved": (Reader.COORDINATOR, preview_of_a_form),
    "nobody found": (Reader.COORDINATOR, nobody_found),
    "a reassignment that is tried": (Reader.COORDINATOR, reassignment_tried),
    "a contact that is refused": (Reader.LEADER, contact_refused),
}
"""What a page comes to when somebody does something on it: what is refused, previewed, found."""


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def open_as(browser: Browser, site: Site, look: str) -> Iterator[Callable[[Reader], Page]]:
    """A page of each reader with that look; what any of them complained of is looked at in the end."""
    contexts: dict[Reader, BrowserContext] = {}
    pages: dict[Reader, Page] = {}
    watched = Watched()

    def page_of(reader: Reader) -> Page:
        if reader not in pages:
            contexts[reader] = browser.new_context(locale="nb-NO", **LOOKS[look])
            contexts[reader].add_init_script(VIOLATIONS)
            contexts[reader].set_default_timeout(PATIENCE)
            pages[reader] = contexts[reader].new_page()
            watched.watch(pages[reader])
            if reader is not Reader.NOBODY:
                signed_in(pages[reader], site, reader)
        return pages[reader]

    yield page_of
    for context in contexts.values():
        context.close()
    assert watched.complaints == []
    assert len(watched.hosts) <= 2  # the site, and the sandbox


def picture(page: Page, look: str, name: str) -> list[Any]:
    """What axe finds there, after a picture was taken."""
    file = PICTURES / look / f"{re.sub('[^a-z0-9]+', '-', name)}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=file, full_page=True)
    return [] if look == "plain" else barriers(page)


def barriers_of(
    open_as: Callable[[Reader], Page], look: str, places: Mapping[str, tuple[Reader, str]]
) -> dict[str, Any]:
    """What axe finds on each of these pages, each given by its reader and its address, where it finds something."""
    looked_at = {}
    for name, (reader, address) in places.items():
        page = open_as(reader)
        page.goto(address)
        looked_at[name] = picture(page, look, name)
    assert len(looked_at) > 0
    return {name: faults for name, faults in looked_at.items() if faults}


def test_no_page_has_a_barrier_however_it_is_looked_at(
    open_as: Callable[[Reader], Page], site: Site, look: str
) -> None:
    places = {name: (seen.reader, site.address + seen.address.format(**site.cases)) for name, seen in PAGES.items()}
    assert barriers_of(open_as, look, places) == {}


def test_no_page_of_a_sandbox_has_a_barrier_however_it_is_looked_at(
    open_as: Callable[[Reader], Page], sandbox: str, look: str
) -> None:
    exercise = sorted(exercises.histories())[0]
    places = {name: (seen.reader, sandbox + seen.address.format(exercise=exercise)) for name, seen in SANDBOX.items()}
    assert barriers_of(open_as, look, places) == {}


def test_no_state_of_a_page_has_a_barrier(
    open_as: Callable[[Reader], Page],
    site: Site,
    look: str,
) -> None:
    found: dict[str, Any] = {}
    for name, (reader, come_to) in STATES.items():
        page = open_as(reader)
        come_to(page, site)
        if faults := picture(page, look, name):
            found[name] = faults
    assert found == {}
