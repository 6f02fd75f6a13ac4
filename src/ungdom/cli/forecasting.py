"""Forecasts of overrun: counting the waiting times anew, and holding past forecasts against what came."""

import json
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from ungdom import clock
from ungdom.cli.terminal import AsJson, OnDemo, chosen, opened, out, progress
from ungdom.workflow.daycount import oslo_date

if TYPE_CHECKING:
    from ungdom.statistics.calibration import Calibration

forecast_app = typer.Typer(
    no_args_is_help=True, help="How likely cases are to pass a limit, from how long others took."
)

On = Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="As known at the end of this day.")]


@forecast_app.command()
def refresh(on: On = None, as_json: AsJson = False, on_demo: OnDemo = False) -> None:
    """Count the waiting times anew, as known at the end of yesterday. The nightly run does the same."""
    from ungdom.statistics import forecast

    db = opened(chosen(on_demo))
    with progress("cases") as report:
        counts = forecast.refresh(db, _day(on), report)
    db.close()
    if as_json:
        out.print_json(json.dumps(counts))
    else:
        out.print(", ".join(f"{name} {count}" for name, count in counts.items()))


@forecast_app.command(name="backtest")
def back_test(on: On = None, as_json: AsJson = False, on_demo: OnDemo = False) -> None:
    """Ask on days of the last four years, with what was known then, and keep how it came out. Once a month will do."""
    from ungdom.statistics import backtest

    day, db = _day(on), opened(chosen(on_demo))
    with progress("cases") as report:
        found = backtest.run(db, day, report)
    backtest.keep(db, day, found, clock.now())
    db.close()
    if as_json:
        out.print_json(json.dumps([asdict(one) for one in found], default=str))
        return
    for one in found:
        _show(one)


def _day(on: datetime | None) -> date:
    return on.date() if on else oslo_date(clock.now()) - timedelta(days=1)


def _show(one: "Calibration") -> None:
    told = f"{one.forecasts} forecasts, {one.left} left in another way, {one.share:.1%} passed"
    out.print(f"{one.clock or 'all clocks'}: {told}, Brier {one.brier:.4f} (of the share: {one.brier_of_share:.4f})")
    for each in one.bins:
        out.print(f"    predicted {each.predicted:6.1%}   observed {each.observed:6.1%}   of {each.forecasts}")
