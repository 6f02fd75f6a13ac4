"""Time until the documentation page shows its first operation in a browser, in milliseconds.

    .venv/bin/python bench/docs_page.py --rounds 10

The server has an empty database; each round opens a new page. `/docs/try` is Swagger UI, until its groups are shown.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the test helpers that start server and browser

from tests import pg, process, service
from tests.web.browser import chromium

PAGES = {"/docs": "details.operation", "/docs/try": ".opblock-tag"}


def milliseconds(browser: Browser, url: str, shown: str) -> float:
    page = browser.new_page()
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator(shown).first.wait_for(state="visible", timeout=120_000)
    taken = time.perf_counter() - began
    page.close()
    return 1000 * taken


def main(rounds: int) -> None:
    print(f"load average {os.getloadavg()[0]:.1f}; milliseconds, minimum, median and maximum of {rounds}")
    with tempfile.TemporaryDirectory() as name:
        url = pg.sqlite_url(Path(name))
        service.fill(url)
        with process.serving(url, Path(name)) as (address, _), chromium() as browser:
            for path, shown in PAGES.items():
                taken = sorted(milliseconds(browser, address + path, shown) for _ in range(rounds))
                print(f"{path:<10} {taken[0]:7.0f} {statistics.median(taken):7.0f} {taken[-1]:7.0f}")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rounds", type=int, default=5)
    main(options.parse_args().rounds)
