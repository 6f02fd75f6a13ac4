"""`ungdom forecast`: recompute the waiting times, and compare past forecasts with the outcomes."""

import json
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ungdom import clock
from ungdom.cli.terminal import AsJson, OnDemo, open_database, out, print_counts, progress, selected_settings
from ungdom.store.settled import last_settled_day

if TYPE_CHECKING:
    from ungdom.analytics.forecast.calibration import Calibration

forecast_app = typer.Typer(
    no_args_is_help=True, help="Forecasts of overrun: the probability that a case exceeds a time limit."
)

On = Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="As known at the end of this day.")]


@forecast_app.command()
def refresh(on: On = None, as_json: AsJson = False, on_demo: OnDemo = False) -> None:
    """Recompute the waiting times, by default as known at the end of the last settled day, like the nightly run."""
    from ungdom.analytics.forecast import probabilities

    db = open_database(selected_settings(on_demo))
    with progress("cases") as report:
        counts = probabilities.refresh(db, _day(on), report)
    db.close()
    print_counts(counts, as_json)


@forecast_app.command(name="backtest")
def back_test(on: On = None, as_json: AsJson = False, on_demo: OnDemo = False) -> None:
    """Make forecasts for days of the last four years, and store how they turned out. Once a month is enough."""
    from ungdom.analytics.forecast import backtest

    day, db = _day(on), open_database(selected_settings(on_demo))
    with progress("cases") as report:
        calibrations = backtest.run(db, day, report)
    backtest.save(db, day, calibrations, clock.now())
    db.close()
    if as_json:
        out.print_json(json.dumps([asdict(calibration) for calibration in calibrations], default=str))
        return
    for calibration in calibrations:
        _print_calibration(calibration)


def _day(on: datetime | None) -> date:
    return on.date() if on else last_settled_day(clock.now())


def _print_calibration(calibration: "Calibration") -> None:
    counts = (
        f"{calibration.forecasts} forecasts, {calibration.left} left in another way, {calibration.share:.1%} passed"
    )
    out.print(
        f"{calibration.clock or 'all clocks'}: {counts}, Brier {calibration.brier:.4f} "
        f"(of the share: {calibration.brier_of_share:.4f})"
    )
    for each in calibration.bins:
        out.print(f"    predicted {each.predicted:6.1%}   observed {each.observed:6.1%}   of {each.forecasts}")
