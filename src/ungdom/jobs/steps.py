"""What else is done once a night, after the alerts, in this order."""

import logging
from datetime import date, datetime, timedelta

from ungdom import checks
from ungdom.intake.catching_up import catch_up
from ungdom.jobs.nightly import Step, forget_answers
from ungdom.jobs.terms import expire_terms
from ungdom.statistics import backtest, digests, forecast, register
from ungdom.store import surveys
from ungdom.store.sealing import Keys
from ungdom.store.session import Database
from ungdom.workflow.daycount import oslo_date

LOG = logging.getLogger("ungdom.jobs")

YESTERDAY = timedelta(days=1)
BACKTEST_EVERY = timedelta(days=30)
"""How old the judgment of past forecasts may become."""


def all_steps(keys: Keys) -> tuple[Step, ...]:
    """Every step of the night. `keys` open what is sealed."""
    return (
        Step("decisions", lambda db, _day, at: catch_up(db, keys, lambda: at)),
        Step("terms", expire_terms),
        Step("checks", look_for_faults),
        Step("idempotency", forget_answers),
        Step("forecast", count_waiting_times),
        Step("figures", tell_digests),
        Step("surveys", forget_invitations),
        Step("release", lambda db, day, at: release_quarter(db, keys, day, at)),
        Step("backtest", judge_forecasts),
    )


def at_once(keys: Keys) -> tuple[Step, ...]:
    """The same without what takes long and can wait for another night: for somebody who waits for it to end."""
    return tuple(step for step in all_steps(keys) if step.name != "backtest")


def look_for_faults(db: Database, day: date, at: datetime) -> dict[str, int]:
    """What the integrity checkers found, by code; each is logged. docs/operations.md has a page on each."""
    if day != oslo_date(at):
        return {}
    found = checks.run(db, day, at)
    for code, ones in found.items():
        for one in ones:
            LOG.info("%s: case %s, since %s", code, one.reference, one.since)
    return {code: len(ones) for code, ones in found.items() if ones}


def count_waiting_times(db: Database, day: date, at: datetime) -> dict[str, int]:
    """The waiting times that forecasts are made of, as known at the end of yesterday; of a night caught up, nothing."""
    return forecast.refresh(db, day - YESTERDAY) if day == oslo_date(at) else {}


def tell_digests(db: Database, day: date, at: datetime) -> dict[str, int]:
    """What figures need of the cases that have changed; of a night caught up, nothing."""
    return digests.refresh(db) if day == oslo_date(at) else {}


def release_quarter(db: Database, keys: Keys, day: date, at: datetime) -> dict[str, int]:
    """The released tables of a quarter, on the first day of the next; of a night caught up, nothing."""
    return register.of_quarter(db, keys, at) if day == oslo_date(at) else {}


def forget_invitations(db: Database, _day: date, at: datetime) -> dict[str, int]:
    """Let go of invitations to surveys that can no longer be used."""
    with db.writing() as tx:
        return {"invitations_forgotten": surveys.forget_expired(tx, oslo_date(at))}


def judge_forecasts(db: Database, day: date, at: datetime) -> dict[str, int]:
    """Past forecasts held against what came, once a month."""
    until = day - YESTERDAY
    with db.reading() as tx:
        judged = [since for since, _ in backtest.kept(tx).values()]
    if day != oslo_date(at) or (judged and until - max(judged) < BACKTEST_EVERY):
        return {}
    found = backtest.run(db, until)
    backtest.keep(db, until, found, at)
    return {"clocks": len(found)}
