"""The pages in a real browser: a server with cases that are late by now, a sandbox, and pages that are watched."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page

from tests import fork, process
from tests.api.build import case_at
from tests.service import CURSOR_KEY, KEY, Service, settings_of, sqlite_copy
from tests.web.browser import PATIENCE, VIOLATIONS, Site, Watched, chromium
from tests.web.every_page import furnished, named_later
from ungdom import clock
from ungdom.app import create_sandbox
from ungdom.sandbox.state import Sandbox

IN_STORIES = ("consent", "alerted", "meanwhile", "session")
"""Cases of `test_stories_browser.py`."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("pages")
    url, data = sqlite_copy(sqlite_template, folder), tmp_path_factory.mktemp("data")
    with Service(url, data) as service:
        changed = ("by_keyboard", "without_javascript", "clicked_twice", "left_alone", *IN_STORIES)
        client = service.as_("coordinator", "oslo")
        cases = furnished(service) | {name: case_at(client, "preparing", "2026-01-05") for name in changed}
    keys = {"UNGDOM_PEOPLE_KEYS": KEY, "UNGDOM_CURSOR_KEY": CURSOR_KEY}
    fork.run([process.UNGDOM, "nightly"], env=process.environment(url, data) | keys, timeout=120).check_returncode()
    with process.serving(url, data, **keys) as (address, _):
        with Service(url, data) as service:
            service.clock.instant = clock.now()
            named = named_later(service, cases)
        yield Site(address, named, url)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[str]:
    """The address of a sandbox without cases, in this process."""
    folder = tmp_path_factory.mktemp("sandbox")
    settings = settings_of(sqlite_copy(sqlite_template, folder), folder)
    app = create_sandbox(settings, Sandbox(lambda: None, ()))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # who connects before the server accepts waits and is not refused
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def visit(browser: Browser, site: Site, watched: Watched) -> Iterator[Callable[..., Page]]:
    """Opens a page of a new context, whose complaints and hosts are looked at in the end."""
    contexts: list[BrowserContext] = []

    def begin(width: int = 1280, javascript: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=javascript, locale="nb-NO"
        )
        context.add_init_script(VIOLATIONS)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        watched.watch(page)
        return page

    yield begin
    for context in contexts:
        context.close()
    assert (watched.hosts - {urlsplit(site.address).netloc}, watched.complaints) == (set(), [])
