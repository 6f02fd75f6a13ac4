"""The steps of the night after the alerts, in order."""

from datetime import date, datetime, timedelta
from pathlib import Path

from ungdom.analytics import case_cache
from ungdom.analytics.forecast import backtest, probabilities
from ungdom.intake.retry import retry_due
from ungdom.jobs.nightly import NightlyStep, StepIncomplete
from ungdom.jobs.sealing import seal_tonight
from ungdom.jobs.terms import expire_terms
from ungdom.notices.group_notices import notify_woken
from ungdom.observability.logger import EventLogger
from ungdom.release import store
from ungdom.retention import run as retention_run
from ungdom.retention.journal import ErasureJournal
from ungdom.staff import hand_over
from ungdom.store import surveys, web_drafts
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Database
from ungdom.store.settled import last_settled_day
from ungdom.workflow.calendar import oslo_date
from ungdom.worklist import checks

LOG = EventLogger("ungdom.jobs")

BACKTEST_EVERY = timedelta(days=30)
"""Interval of the evaluation of past forecasts."""


def all_steps(keys: EncryptionKeys, journal: ErasureJournal, anchors: Path | None = None) -> tuple[NightlyStep, ...]:
    """Every step of the night. `keys`: decrypt personal data. `journal`: of erasures.

    `anchors`: where seals are exported; None: nowhere.
    """
    return (
        NightlyStep("decisions", lambda db, _day, at: retry_due(db, keys, lambda: at)),
        NightlyStep("staff", hand_over.run_due),
        NightlyStep("terms", expire_terms),
        NightlyStep("coordination_groups", notify_woken),
        NightlyStep("checks", run_integrity_checks),
        NightlyStep("retention", lambda db, day, at: apply_retention(db, keys, journal, day, at)),
        NightlyStep("audit", lambda db, day, at: seal_tonight(db, anchors, day, at)),
        NightlyStep("forecast", count_waiting_times),
        NightlyStep("figures", refresh_case_summaries),
        NightlyStep("surveys", delete_expired_invitations),
        NightlyStep("drafts", delete_old_drafts),
        NightlyStep("release", lambda db, day, at: release_quarter(db, keys, day, at)),
        NightlyStep("backtest", evaluate_forecasts),
    )


def quick_steps(keys: EncryptionKeys, journal: ErasureJournal, anchors: Path | None = None) -> tuple[NightlyStep, ...]:
    """The steps without the slow ones that can wait, for a run that a person waits for."""
    return tuple(step for step in all_steps(keys, journal, anchors) if step.name != "backtest")


def apply_retention(
    db: Database, keys: EncryptionKeys, journal: ErasureJournal, day: date, at: datetime
) -> dict[str, int]:
    """Erase what the rules of retention no longer keep: by rule, how many. Skipped for a night that is caught up.

    Raises `StepIncomplete` where a rule could not erase everything; the others have.
    """
    if day != oslo_date(at):
        return {}
    reports = retention_run.run(db, keys, journal, at)
    counts = retention_run.counts_of(reports)
    if any(report.fault for report in reports):
        raise StepIncomplete(counts)
    return counts


def run_integrity_checks(db: Database, day: date, at: datetime) -> dict[str, int]:
    """Number of findings of the integrity checks by code; each is logged. See docs/operations.md."""
    if day != oslo_date(at):
        return {}
    findings_by_code = checks.run(db, day, at)
    for code, findings in findings_by_code.items():
        for finding in findings:
            LOG.info("nightly.finding", code=code, case=finding.reference, since=finding.since)
    return {code: len(findings) for code, findings in findings_by_code.items() if findings}


def count_waiting_times(db: Database, day: date, at: datetime) -> dict[str, int]:
    """Refresh the waiting times of forecasts as of the last settled day; skipped for a night that is caught up."""
    return probabilities.refresh(db, last_settled_day(at)) if day == oslo_date(at) else {}


def refresh_case_summaries(db: Database, day: date, at: datetime) -> dict[str, int]:
    """Refresh the summaries of changed cases; skipped for a night that is caught up."""
    return case_cache.refresh(db) if day == oslo_date(at) else {}


def release_quarter(db: Database, keys: EncryptionKeys, day: date, at: datetime) -> dict[str, int]:
    """Release the tables of a quarter on the first day of the next; skipped for a night that is caught up."""
    return store.release_quarter(db, keys, at) if day == oslo_date(at) else {}


def delete_expired_invitations(db: Database, _day: date, at: datetime) -> dict[str, int]:
    """Delete expired invitations to surveys."""
    with db.writing() as tx:
        return {"invitations_forgotten": surveys.forget_expired(tx, oslo_date(at))}


def delete_old_drafts(db: Database, _day: date, at: datetime) -> dict[str, int]:
    """Delete the drafts of forms that nobody has changed for 14 days."""
    with db.writing() as tx:
        return {"deleted": web_drafts.remove_old(tx, at)}


def evaluate_forecasts(db: Database, day: date, at: datetime) -> dict[str, int]:
    """Compare past forecasts with the outcomes, once a month."""
    until = last_settled_day(at)
    with db.reading() as tx:
        evaluated_until = [since for since, _ in backtest.read_calibrations(tx).values()]
    if day != oslo_date(at) or (evaluated_until and until - max(evaluated_until) < BACKTEST_EVERY):
        return {}
    calibrations = backtest.run(db, until)
    backtest.save(db, until, calibrations, at)
    return {"clocks": len(calibrations)}
