"""A headless Chromium for the tests: the one that `make` unpacked, or the one that UNGDOM_TEST_BROWSER names."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from tests.web.every_page import Reader

AXE = Path(__file__).parents[2] / "tools" / "node_modules" / "axe-core" / "axe.min.js"
UNPACKED = Path(__file__).parents[2] / ".venv" / "browser"
NAMED = "UNGDOM_TEST_BROWSER"

PATIENCE = 60_000
"""Milliseconds: a bound on a machine that does much else."""
EXPECTED = re.compile(r"status of (?:404|409|412|422)")
"""What Chromium writes to the console of each such answer, also where a form comes back as it should."""
VIOLATIONS = "addEventListener('securitypolicyviolation', e => console.error('policy: ' + e.violatedDirective))"


def executable() -> Path:
    """The browser. Fails with what to do when there is none."""
    file = Path(os.environ.get(NAMED) or UNPACKED / "chromium")
    assert os.access(file, os.X_OK), f"no browser at {file}: run `make setup`, or set {NAMED} to a Chromium of your own"
    return file


def barriers(page: Page) -> list[Any]:
    """What axe finds on the page with everything folded out, and by how much it is wider than the window, if it is."""
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    answer = page.evaluate("axe.run()")
    assert answer["passes"], page.url
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    faults = [(fault["id"], [node["target"] for node in fault["nodes"]]) for fault in answer["violations"]]
    return [*faults, *([("wider than the window", wider)] if wider > 0 else [])]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, started and closed again. It finds its libraries and fonts beside it."""
    file = executable()
    env = {**os.environ}
    if file.parent == UNPACKED:
        env |= {"LD_LIBRARY_PATH": str(UNPACKED / "libraries/lib"), "FONTCONFIG_FILE": str(UNPACKED / "fonts.conf")}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=file, args=["--no-sandbox"], env=env)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watched:
    """What a page asked for and complained of. `expected`: lines of the console that are no complaint; None: none."""

    expected: re.Pattern[str] | None = EXPECTED
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("console", self._line)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _line(self, line: Any) -> None:
        if line.type == "error" and not (self.expected and self.expected.search(line.text)):
            self.complaints.append(line.text)


@dataclass(frozen=True)
class Site:
    """A server with cases that are late by now. `cases`: the ids, by the stage that each has come to."""

    address: str
    cases: dict[str, str]
    database: str


def signed_in(page: Page, site: Site, reader: Reader = Reader.COORDINATOR) -> Page:
    page.goto(f"{site.address}/")
    page.locator("select#subject").select_option(reader)
    page.locator("form.row button").click()
    page.locator("header .who").wait_for()
    return page
