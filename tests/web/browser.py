"""A headless Chromium for the tests: the one that `make` unpacked, or the one that UNGDOM_TEST_BROWSER names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

UNPACKED = Path(__file__).parents[2] / ".venv" / "browser"
NAMED = "UNGDOM_TEST_BROWSER"


def executable() -> Path:
    """The browser. Fails with what to do when there is none."""
    file = Path(os.environ.get(NAMED) or UNPACKED / "chromium")
    assert os.access(file, os.X_OK), f"no browser at {file}: run `make setup`, or set {NAMED} to a Chromium of your own"
    return file


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
