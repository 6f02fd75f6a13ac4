"""Kaplan–Meier and Aalen–Johansen of a million cases in fifty groups, compared with lifelines on the same rows.

Each of the four runs has its own process, which reports its time and the growth of its memory beyond rows and imports.
The results are compared: Kaplan–Meier to 1e-9, Aalen–Johansen to the random shift by which lifelines breaks ties.
lifelines is called per group, as its manual says; for Aalen–Johansen without left truncation, because shifted ties
would also change the risk sets.
"""

import argparse
import ctypes
import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ungdom.analytics.survival import Days, RiskSetCounts, Spans, aalen_johansen, kaplan_meier

GROUPS, STARTED, LEFT = 50, 1, 2
EXACT, JITTERED = 1e-9, 5e-4
"""Tolerances. lifelines breaks ties by a small random shift, which reorders events of one day."""
AT = np.arange(0, 1_400, 7) + 0.5
"""Where the curves are compared: between two days, so that shifted events stay on the same side."""

Curves = dict[int, list[float]]


def rows(cases: int, late: bool) -> tuple[Spans, Days]:
    """Durations with two competing events. `late`: one in five is left truncated. Later groups take longer."""
    rng = np.random.default_rng(11)
    group = rng.integers(0, GROUPS, cases)
    start = np.ceil((180 + 2.0 * group) * rng.weibull(1.5, cases)).astype(np.int64)
    leave = np.ceil(900 * rng.weibull(1.1, cases)).astype(np.int64)
    watched = np.ceil(rng.uniform(60, 1_300, cases)).astype(np.int64)
    entry = np.where(rng.random(cases) < (0.2 if late else 0), rng.integers(0, 40, cases), 0)
    time_ = np.minimum(np.minimum(start, leave), watched)
    ending = np.where(time_ == watched, 0, np.where(time_ == start, STARTED, LEFT))
    kept = time_ > entry
    return Spans(entry[kept], time_[kept], ending[kept]), group[kept]


def steps(days: Any, values: Any, before: float) -> list[float]:
    """The values of the curve at the points of comparison."""
    place = np.searchsorted(np.asarray(days), AT, side="right")
    return [float(one) for one in np.concatenate([[before], values])[place]]


def ours_km(spans: Spans, group: Days) -> Curves:
    found = ((code, kaplan_meier(one, STARTED)) for code, one in RiskSetCounts.of(spans, group).groups())
    return {code: steps(curve.days, curve.survival, 1.0) for code, curve in found}


def ours_aj(spans: Spans, group: Days) -> Curves:
    found = ((code, aalen_johansen(one)) for code, one in RiskSetCounts.of(spans, group).groups())
    return {code: steps(one.days, one.ended[STARTED], 0.0) for code, one in found}


def theirs_km(spans: Spans, group: Days) -> Curves:
    from lifelines import KaplanMeierFitter  # noqa: PLC0415 - only the process that needs it pays for it

    found = {}
    for code, time_, ending, entry in _grouped(spans, group):
        line = KaplanMeierFitter().fit(time_, ending == STARTED, entry=entry).survival_function_
        found[code] = steps(line.index, line.iloc[:, 0], 1.0)
    return found


def theirs_aj(spans: Spans, group: Days) -> Curves:
    from lifelines import AalenJohansenFitter  # noqa: PLC0415 - the same

    found = {}
    for code, time_, ending, entry in _grouped(spans, group):
        fitter = AalenJohansenFitter(seed=1, calculate_variance=False)
        line = fitter.fit(time_, ending, event_of_interest=STARTED, entry=entry).cumulative_density_
        found[code] = steps(line.index, line.iloc[:, 0], 0.0)
    return found


def _grouped(spans: Spans, group: Days) -> Iterator[tuple[int, Days, Days, Days]]:
    for code in range(GROUPS):
        mine = group == code
        yield code, spans.time[mine], spans.ending[mine], spans.entry[mine]


WAYS: dict[str, Callable[[Spans, Days], Curves]] = {
    "km ours": ours_km, "km lifelines": theirs_km, "aj ours": ours_aj, "aj lifelines": theirs_aj,
}  # fmt: skip


def one(way: str, cases: int) -> dict[str, Any]:
    """Seconds (best of three; one run for lifelines' slow contender), memory beyond that before, and the curves."""
    spans, group = rows(cases, late="km" in way)
    WAYS[way](*rows(1_000, late="km" in way))  # imports and one-time compilation
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # returns memory left over from creating the rows
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    before = memory("VmRSS")
    times, found = [], {}
    for _ in range(3 if "ours" in way else 1):
        begun = time.perf_counter()
        found = WAYS[way](spans, group)
        times.append(time.perf_counter() - begun)
    return {"seconds": min(times), "grown": memory("VmHWM") - before, "curves": found}


def memory(which: str) -> float:
    """Memory of this process in MB: now (`VmRSS`), or the peak (`VmHWM`)."""
    (line,) = (one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith(which))
    return int(line.split()[1]) / 1024


def run(way: str, cases: int) -> dict[str, Any]:
    """The same in its own process."""
    print(f"{way} …", file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, __file__, "--cases", str(cases), "--one", way], capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def furthest(ours: dict[str, list[float]], theirs: dict[str, list[float]]) -> float:
    assert ours.keys() == theirs.keys()
    return max(float(np.max(np.abs(np.array(ours[code]) - np.array(theirs[code])))) for code in ours)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--cases", type=int, default=1_000_000)
    asked.add_argument("--one", choices=list(WAYS))
    said = asked.parse_args()
    if said.one:
        print(json.dumps(one(said.one, said.cases)))
        return
    found = {way: run(way, said.cases) for way in WAYS}
    print(f"{said.cases:,} cases in {GROUPS} groups\n")
    print("| | seconds | lifelines | times as fast | MB | lifelines | greatest difference |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, label, near in (("km", "Kaplan–Meier", EXACT), ("aj", "Aalen–Johansen", JITTERED)):
        ours, theirs = found[f"{name} ours"], found[f"{name} lifelines"]
        apart = furthest(ours["curves"], theirs["curves"])
        ratio = theirs["seconds"] / ours["seconds"]
        times = f"{ours['seconds']:.3f} | {theirs['seconds']:.2f} | {ratio:.0f}"
        print(f"| {label} | {times} | {ours['grown']:.0f} | {theirs['grown']:.0f} | {apart:.0e} |")
        assert apart <= near, (label, apart)
        assert ratio > 1, label


if __name__ == "__main__":
    main()
