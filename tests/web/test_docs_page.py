"""The documentation pages in a real browser, from a server of the test's own."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from tests import pg, process
from tests.web.browser import Watched, chromium
from ungdom.api.docs import first_calls

PATIENCE = 60_000
"""Milliseconds: a bound on a machine that does much else. `bench/docs_page.py` measures."""

DEPRECATED = "escaping deep link whitespace with `_` is unsupported"
"""What Swagger UI says of every operation id that has an underscore, none of which stands for a space here."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("docs")
    shutil.copy(sqlite_template, folder / "ungdom.sqlite")
    with process.serving(pg.sqlite_url(folder), folder) as (url, _):
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def test_the_first_operation_is_there_at_once_and_nothing_comes_from_elsewhere(address: str, browser: Browser) -> None:
    seen, page = Watched(expected=None), browser.new_page()
    seen.watch(page)
    page.goto(f"{address}/docs", timeout=PATIENCE)

    assert page.locator("details.operation").first.is_visible()
    assert page.locator("details.operation").count() > 90
    assert page.evaluate("performance.getEntriesByType('resource').length") <= 3
    assert (seen.hosts, seen.complaints) == ({urlsplit(address).netloc}, [])


def test_the_operations_are_listed_without_javascript(address: str, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}/docs", timeout=PATIENCE)
    page.get_by_text("Try these five calls").click()

    assert page.locator("details.operation").first.is_visible()
    assert page.locator("pre").inner_text() == first_calls.as_text(address)


def test_an_operation_leads_to_swagger_ui_opened_at_it(address: str, browser: Browser) -> None:
    seen, page = Watched(expected=None), browser.new_page()
    seen.watch(page)
    page.goto(f"{address}/docs", timeout=PATIENCE)
    first = page.locator("details.operation").first
    path = first.locator("code").first.inner_text()
    first.locator("summary").click()
    first.get_by_text("Try it").click()
    opened = page.locator(".opblock.is-open").first
    opened.wait_for(timeout=PATIENCE)

    assert path in opened.inner_text().replace("\u200b", "")
    others = [line for line in seen.complaints if DEPRECATED not in line]
    assert (seen.hosts, others) == ({urlsplit(address).netloc}, [])


def test_a_bookmark_of_swagger_ui_still_opens_it(address: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{address}/docs#/cases", timeout=PATIENCE)
    page.wait_for_url(f"{address}/docs/try#/cases", timeout=PATIENCE)
