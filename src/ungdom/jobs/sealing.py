"""Seals the hash chains and exports the seals as anchor files, each night and by `ungdom audit seal`."""

from datetime import date, datetime
from pathlib import Path

from ungdom.audit import anchors
from ungdom.audit.findings import VerificationResult
from ungdom.audit.seals import Seal
from ungdom.clock import Clock
from ungdom.observability.logger import EventLogger
from ungdom.store import chain_seals, chain_verification
from ungdom.store.chain_seals import PART
from ungdom.store.errors import DuplicateKey
from ungdom.store.session import Database
from ungdom.workflow.calendar import oslo_date

LOG = EventLogger("ungdom.jobs")


def seal_tonight(db: Database, folder: Path | None, day: date, at: datetime) -> dict[str, int]:
    """The nightly step: verifies, seals and exports; skipped for a night that is caught up.

    `folder`: of the anchor files; None: nothing is exported. A file that cannot be written is counted, and written the
    next time.
    """
    if day != oslo_date(at):
        return {}
    try:
        _, result = seal(db, day, lambda: at)
    except DuplicateKey:  # another process has sealed at the same time
        return {}
    counts = {"streams": result.streams, "rows": result.rows}
    if result.findings:
        counts["findings"] = len(result.findings)
    try:
        return counts | ({} if folder is None else {"anchors": len(export(db, folder, at))})
    except OSError as error:
        LOG.error("chain.anchor_not_written", for_date=day, reason=error.strerror)
        return counts | {"anchors_failed": 1}


def seal(db: Database, day: date, now: Clock) -> tuple[Seal, VerificationResult]:
    """Verifies what has grown, seals it and stores the verification. Raises `DuplicateKey`."""
    began = now()
    done, result = chain_verification.seal(db, day, began)
    with db.writing() as tx:
        chain_seals.add_verification(tx, PART, began, now(), result)
    for finding in result.findings:
        LOG.error("chain.broken", finding=finding)
    return done, result


def export(db: Database, folder: Path, at: datetime) -> list[Path]:
    """Writes an anchor file for every seal that has not been exported; the paths of the files that were not there.

    Raises `AnchorTaken` and `OSError`; the seals before that one are exported.
    """
    paths = []
    with db.reading() as tx:
        pending = chain_seals.unexported(tx)
        heads = chain_seals.heads_by_seal(tx, pending[0].number - 1) if pending else {}
    for unexported in pending:
        name = anchors.file_name(unexported)
        if anchors.write(folder, unexported, heads.get(unexported.number, ())):
            paths.append(folder / name)
        with db.writing() as tx:
            chain_seals.add_exported(tx, unexported.number, name, at)
    return paths
