"""The sandbox as its page describes it: the first hour of an integrator, and the pages in a browser."""

import io
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import process
from tests.web.browser import chromium
from ungdom.conformance.cases import CASES

ROOT = Path(__file__).parents[1]
AXE = ROOT / "tools" / "node_modules" / "axe-core" / "axe.min.js"
PRINTED = re.compile(r"^print\(.*\)  # (.+)$", re.MULTILINE)
BLOCKS = re.compile(r"```(python|sh)\n(.*?)```", re.DOTALL)
PUBLISHED = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("sandbox")
    with process.serving("", folder, str(process.UNGDOM), "sandbox", "--cases", "5") as (address, _):
        yield address


def test_its_pages_have_no_barrier_and_work_in_a_browser(sandbox: str) -> None:
    """Axe finds nothing, and no page is wider than a narrow window; also after a form was sent."""
    script = AXE.read_text(encoding="utf-8")
    found: dict[str, Any] = {}

    def look_at(name: str) -> None:
        page.evaluate(script)
        violations = [fault["id"] for fault in page.evaluate("axe.run()")["violations"]]
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found[name] = (violations, wider)

    with chromium() as browser:
        page = browser.new_context(viewport={"width": 320, "height": 900}, locale="nb-NO").new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{sandbox}/sandbox")
        look_at("sandbox")
        page.locator("#f-youth").fill("9")
        page.get_by_role("button", name="Send meldingen").click()
        assert page.locator("pre").inner_text().find('"applied"') > 0
        look_at("receipt")
        page.get_by_role("link", name="Øv på gjennomgåtte saker").click()
        page.wait_for_url("**/sandbox/exercises")
        look_at("exercises")
        page.locator("main ul a").first.click()
        page.locator("#f-type").select_option("completed")
        page.get_by_role("button", name="Vurder").click()
        page.locator(".reasons li").first.wait_for()
        look_at("exercise")
    assert found == dict.fromkeys(("sandbox", "receipt", "exercises", "exercise"), ([], 0))


def test_the_first_hour_goes_as_its_page_says(
    sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Callable[[str], None]
) -> None:
    monkeypatch.chdir(tmp_path)
    opened: list[httpx.Client] = []

    class Recorded(httpx.Client):
        def __init__(self, **given: Any) -> None:
            super().__init__(**given)
            opened.append(self)

    monkeypatch.setattr(httpx, "Client", Recorded)
    bash = shutil.which("bash")
    assert bash
    env = {**os.environ, "PATH": f"{process.UNGDOM.parent}:{os.environ['PATH']}"}
    text = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8").replace(PUBLISHED, sandbox)
    began, names, printed = time.monotonic(), {}, io.StringIO()  # type: ignore[var-annotated]
    for kind, block in BLOCKS.findall(text):
        if kind == "sh":
            done = subprocess.run([bash, "-e", "-c", block], env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            assert f"{len(CASES)} of {len(CASES)} cases are answered as documented" in done.stderr
        else:
            with redirect_stdout(printed):
                exec(block, names)  # noqa: S102  # the code of our own page
    for client in opened:
        client.close()
    expected = [line for kind, block in BLOCKS.findall(text) if kind == "python" for line in PRINTED.findall(block)]
    assert len(expected) >= 10
    assert printed.getvalue().splitlines() == expected
    figure(f"the first hour of an integrator, walked in {time.monotonic() - began:.1f} s")
