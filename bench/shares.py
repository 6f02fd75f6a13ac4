"""Where the processor time of an operation goes: the shares of a profile by package."""

import cProfile
import pstats
from collections import defaultdict
from typing import Any

NAMES = {
    "ungdom.workflow": "rules: guards, fold, clocks, tasks",
    "ungdom.store": "store",
    "ungdom.api": "interface",
    "ungdom.cases": "recording",
}
LEAST = 0.01
"""A package with a smaller share is counted among the others."""


def shares(profile: cProfile.Profile) -> dict[str, float]:
    """Share of the time by package; a function of Python itself counts for the package that called it."""
    spent: dict[str, float] = defaultdict(float)
    # The shape of pstats: (file, line, name) to calls, calls, own time, time with callees, the same by caller.
    stats: dict[Any, Any] = vars(pstats.Stats(profile))["stats"]
    for (file, _, _), (_, _, own, _, callers) in stats.items():
        package = _package(file)
        if package:
            spent[package] += own
        for (calling, _, _), figures in () if package else callers.items():
            spent[_package(calling) or "Python"] += figures[2]
    total = sum(spent.values())
    return {package: seconds / total for package, seconds in spent.items()}


def _package(file: str) -> str:
    """The package of a file: that of a part of the program with two names; empty for Python itself."""
    for mark, names in (("/site-packages/", 1), ("/src/", 2)):
        if mark in file:
            parts = file.rpartition(mark)[2].removesuffix(".py").split("/")
            return ".".join(parts[:names])
    return "the benchmark" if "/bench/" in file else ""


def table(found: dict[str, dict[str, float]]) -> str:
    """The shares of several operations side by side, the largest of the first one first."""
    first = next(iter(found.values()))
    named = [name for name in first if any(one.get(name, 0) >= LEAST for one in found.values())]
    lines = [
        "| share of the processor time, under a profiler | " + " | ".join(found) + " |",
        "|---|" + "---:|" * len(found),
    ]
    for name in sorted(named, key=lambda name: -first[name]):
        label = f"`{name}`: {NAMES[name]}" if name in NAMES else f"`{name}`"
        lines.append(f"| {label} | " + " | ".join(f"{one.get(name, 0):.0%}" for one in found.values()) + " |")
    rest = [1 - sum(one.get(name, 0) for name in named) for one in found.values()]
    lines.append("| others | " + " | ".join(f"{share:.0%}" for share in rest) + " |")
    return "\n".join(lines)
