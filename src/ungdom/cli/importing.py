"""Decisions from a file, as a prosecution system would send them; and another try for what waits."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, BinaryIO, Literal
from uuid import UUID

import typer

from ungdom import clock, intake, settings, texts
from ungdom.api.http.auth.principal import SUBJECT, SYSTEM_AUTHORITIES
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.terminal import AsJson, err, open_database, out, progress
from ungdom.intake import IntakeContext, Outcome, Sender
from ungdom.intake.retry import retry_due
from ungdom.intake.stream import GROUP, LineReceipt, NdjsonLine, Splitter, StreamContext, process_lines
from ungdom.settings import BadSettings
from ungdom.store import bulk, inbox
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Database
from ungdom.workflow.vocabulary import Actor

import_app = typer.Typer(no_args_is_help=True, help="Decisions of prosecution systems, from a file or waiting here.")

CHUNK = 256 * 1024
PAGE = 500
TRIES = 5
RETRIED_BY = "import waiting"
"""Who had a waiting message tried, as its receipts tell it."""


@dataclass(slots=True)
class ImportProgress:
    """How far an import has got: bytes read, lines by outcome, and by reason where one was not applied."""

    read: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def count(self, answer: LineReceipt) -> None:
        """One more line is done."""
        self.outcomes[str(answer.outcome)] += 1
        if answer.reason is not None:
            self.reasons[str(answer.reason)] += 1


@import_app.command()
def decisions(
    file: Annotated[Path, typer.Argument(help="One decision a line (NDJSON); - reads what is piped in.")],
    source: Annotated[str, typer.Option(help="The system that sends: the same one, the same decisions.")] = "import",
    authority: Annotated[list[Actor] | None, typer.Option(help="Whose acts it tells of; all when not given.")] = None,
    receipts: Annotated[Path | None, typer.Option(help="Write the receipts here, one a line.")] = None,
    language: Annotated[texts.Language, typer.Option(help="Of the receipts.")] = "nb",
    as_json: AsJson = False,
) -> None:
    """Take decisions in as if they had been sent. Repeated, it goes on; exit code 1 when one was rejected."""
    config = settings.from_environment()
    sender = _sender(source, authority or sorted(SYSTEM_AUTHORITIES))
    db = open_database(config)
    door = StreamContext(db, EncryptionKeys(config.people_keys), clock.now, language, sender)
    done = ImportProgress()
    with ExitStack() as files:
        incoming = sys.stdin.buffer if str(file) == "-" else files.enter_context(_file(file, "rb"))
        receipt_file = files.enter_context(_file(receipts, "wb")) if receipts else None
        report = files.enter_context(progress("bytes"))
        total = 0 if str(file) == "-" else file.stat().st_size
        _import_lines(door, incoming, receipt_file, done, lambda: report(done.read, max(total, done.read)))
    db.close()
    _print_result(done, as_json)
    raise typer.Exit(ExitCode.FOUND if done.outcomes[Outcome.REJECTED] else ExitCode.DONE)


@import_app.command()
def waiting(as_json: AsJson = False) -> None:
    """Try every decision again that waits: the day of some may have come. Each in a transaction of its own."""
    config = settings.from_environment()
    db, keys = open_database(config), EncryptionKeys(config.people_keys)
    counts: Counter[str] = Counter()
    with db.reading() as tx:
        ids = inbox.parked(tx)
    with progress("decisions") as report:
        for number, message_id in enumerate(ids, start=1):
            counts[_retry(db, keys, message_id)] += 1
            report(number, len(ids))
    retry_due(db, keys, clock.now)
    db.close()
    _print_counts({"tried": len(ids), **counts}, as_json)
    raise typer.Exit(ExitCode.FOUND if counts["failed"] else ExitCode.DONE)


def _sender(source: str, authorities: list[Actor]) -> Sender:
    if not SUBJECT.fullmatch(source):
        raise BadSettings(f"{source!r} is no name of a system: visible ASCII characters, at most 255")
    if not SYSTEM_AUTHORITIES.issuperset(authorities):
        raise BadSettings(f"a system tells of the acts of {', '.join(sorted(SYSTEM_AUTHORITIES))} only")
    return Sender(source, frozenset(authorities))


def _file(path: Path, mode: Literal["rb", "wb"]) -> BinaryIO:
    try:
        return path.open(mode)
    except OSError as error:
        raise BadSettings(f"{path} cannot be opened: {error.strerror}") from None


def _import_lines(
    door: StreamContext,
    incoming: BinaryIO,
    receipt_file: BinaryIO | None,
    done: ImportProgress,
    report: Callable[[], None],
) -> None:
    """Group after group; receipts are written once their group is committed."""
    for group in bulk.batches(_lines(incoming, done), GROUP):
        for answer in process_lines(door, group):
            done.count(answer)
            if receipt_file is not None:
                receipt_file.write(answer.body + b"\n")
        report()


def _lines(incoming: BinaryIO, done: ImportProgress) -> Iterator[NdjsonLine]:
    split = Splitter()
    while chunk := incoming.read(CHUNK):
        done.read += len(chunk)
        yield from split.feed(chunk)
    yield from split.end()


def _retry(db: Database, keys: EncryptionKeys, message_id: UUID) -> str:
    """What came of one more try: an outcome, `settled` when somebody else was faster, or `failed`."""
    why = ""
    for _ in range(TRIES):
        try:
            with db.writing() as tx:
                done = intake.retry_by_hand(tx, IntakeContext(keys, clock.now(), "nb"), message_id, RETRIED_BY)
            return str(done.arrival.outcome) if done else "settled"
        except Exception as error:  # noqa: BLE001  # one that nobody foresaw must not stop the others
            why = type(error).__name__
    err.print(f"{message_id} could not be tried: {why}")
    return "failed"


def _print_result(done: ImportProgress, as_json: bool) -> None:
    if as_json:
        out.print_json(json.dumps({"lines": done.outcomes.total(), "outcomes": done.outcomes, "reasons": done.reasons}))
        return
    _print_counts({"lines": done.outcomes.total(), **done.outcomes}, as_json)
    for reason, count in sorted(done.reasons.items()):
        out.print(f"  {reason:<22} {count}")


def _print_counts(counts: dict[str, int], as_json: bool) -> None:
    if as_json:
        out.print_json(json.dumps(counts))
    else:
        out.print(", ".join(f"{name} {count}" for name, count in counts.items()))
