"""Runs the benchmarks one after another, within ten minutes altogether, and writes what they print into results.md.

    make bench [BENCH="moves operations"]
    .venv/bin/python bench/run.py [--full] [--no-write] [PART …]

Each part has its own sizes and seconds; a part that is not done by then is stopped and its section says so. `--full`
takes the sizes that the parts have by themselves, without a limit. Each section of `bench/results.md` stands between
two marks and is replaced as a whole; a part that fails leaves its section as it was.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.md"
LIMIT = 600.0
"""Seconds of a run, at most."""
GRACE = 15.0
"""Seconds that a part has to stop what it has started."""


@dataclass(frozen=True)
class Part:
    """A script, its arguments in a short run and in a full run, and its seconds in a short run. `script`: or `name`."""

    name: str
    short: tuple[str, ...]
    seconds: float
    full: tuple[str, ...] = ()
    script: str = ""

    @property
    def file(self) -> str:
        """The name of the file in this folder."""
        return f"{self.script or self.name}.py"


PARTS = (
    Part("moves", ("--seconds", "3", "--rounds", "3", "--cases", "1024"), 210),
    Part("operations", ("--databases", "PostgreSQL", "--rounds", "5"), 65),
    Part(
        "profile",
        ("--databases", "PostgreSQL", "--shares"),
        20,
        ("--databases", "PostgreSQL", "--shares"),
        "operations",
    ),
    Part("start", ("--rounds", "3"), 35, ("--rounds", "9", "--memory", "200")),
    Part("intake", ("--decisions", "200", "--rounds", "2"), 75),
    Part("nightly", ("--largest", "10000"), 35),
    Part("worklist", ("--cases", "300", "--seconds", "5"), 60),
    Part("extracts", ("--events", "320000", "--rounds", "1"), 45),
    Part("survival", ("--cases", "1000000"), 15),
    Part("shedding", ("--rounds", "1", "--seconds", "5"), 40),
)

ON_ITS_OWN = (Part("attack", (), 0), Part("scale", (), 0))
"""Parts that are run only where they are named, with `--full`: `make attack`, `make scale`."""


def section(text: str, name: str, content: str) -> str:
    """The text with this content between the marks of the section; a new section stands at the end."""
    begin, end = f"<!-- make bench: {name} -->", f"<!-- end of {name} -->"
    new = f"{begin}\n{content.strip()}\n{end}"
    if begin not in text:
        return f"{text.rstrip()}\n\n{new}\n"
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"bench: {RESULTS.name} has no line {end}")
    return before + new + after


def run_part(part: Part, full: bool, extra: list[str], seconds: float) -> str | None:
    """What the part printed; None when it was stopped. Raises `CalledProcessError` when it failed."""
    command = [sys.executable, str(HERE / part.file), *(part.full if full else part.short), *extra]
    print(f"\n== {part.name}: {' '.join(command[2:])}", file=sys.stderr, flush=True)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        output, _ = process.communicate(timeout=None if full else seconds)
    except subprocess.TimeoutExpired:
        _stop(process)
        return None
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, part.file)
    return output


def _stop(process: "subprocess.Popen[str]") -> None:
    """Interrupts the part, so that it stops its servers, and ends what is left of it."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main() -> None:
    """Run the chosen parts; print and write each section as soon as it is there."""
    asked, extra = arguments()
    begun, failed = time.monotonic(), []
    for part in (*PARTS, *ON_ITS_OWN):
        if part.name not in asked.parts:
            continue
        left = LIMIT - (time.monotonic() - begun)
        seconds = min(part.seconds, left)
        try:
            printed = run_part(part, asked.full, extra, seconds) if asked.full or seconds > 0 else None
        except subprocess.CalledProcessError:
            failed.append(part.name)
            continue
        sizes = " ".join((f"bench/{part.file}", *(part.full if asked.full else part.short), *extra))
        content = f"`{sizes}`\n\n" + (printed or f"Not done within {part.seconds:.0f} s: no figures of this part.")
        print(content, flush=True)
        if asked.write:
            RESULTS.write_text(section(RESULTS.read_text(encoding="utf-8"), part.name, content), encoding="utf-8")
    print(f"the run took {time.monotonic() - begun:.0f} s", file=sys.stderr)
    if failed:
        raise SystemExit(f"bench: {', '.join(failed)} failed; their sections are as they were")


def arguments() -> tuple[argparse.Namespace, list[str]]:
    """The parsed command line, and the options for the parts themselves."""
    names = [part.name for part in (*PARTS, *ON_ITS_OWN)]
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(names))
    parser.add_argument("--full", action="store_true", help="the sizes of the parts themselves, without a limit")
    parser.add_argument("--no-write", dest="write", action="store_false", help="leave results.md as it is")
    asked, extra = parser.parse_known_args()
    unknown = set(asked.parts) - set(names)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    asked.parts = asked.parts or [part.name for part in PARTS]
    return asked, extra


if __name__ == "__main__":
    main()
