"""`ungdom import`: decisions from a file, as a prosecution system would send them; retries of waiting ones."""

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
from ungdom.cli.importing_cases import import_cases
from ungdom.cli.terminal import AsJson, err, open_database, out, print_counts, progress
from ungdom.intake import IntakeContext, Outcome, Sender
from ungdom.intake.retry import retry_due
from ungdom.intake.stream import GROUP, LineReceipt, NdjsonLine, Splitter, StreamContext, process_lines, try_lines
from ungdom.settings import BadSettings
from ungdom.store import bulk, inbox
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Database
from ungdom.workflow.vocabulary import Actor

import_app = typer.Typer(no_args_is_help=True, help="Decisions of prosecution systems, and cases of other systems.")
import_app.command(name="cases")(import_cases)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; give the receipts that would be given.")]

CHUNK = 256 * 1024
PAGE = 500
TRIES = 5
RETRIED_BY = "import waiting"
"""The actor of a retry, as named in its receipt."""


@dataclass(slots=True)
class ImportProgress:
    """Progress of an import: bytes read, lines by outcome, and by reason where a decision was not applied."""

    read: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def count(self, answer: LineReceipt) -> None:
        """Count one processed line."""
        self.outcomes[str(answer.outcome)] += 1
        if answer.reason is not None:
            self.reasons[str(answer.reason)] += 1


@import_app.command()
def decisions(
    file: Annotated[Path, typer.Argument(help="File with one decision per line (NDJSON); - reads standard input.")],
    source: Annotated[str, typer.Option(help="Name of the sending system; it identifies the decisions.")] = "import",
    authority: Annotated[list[Actor] | None, typer.Option(help="Acts of this party; default all. Repeatable.")] = None,
    receipts: Annotated[Path | None, typer.Option(help="Write the receipts to this file, one per line.")] = None,
    language: Annotated[texts.Language, typer.Option(help="Language of the receipts.")] = "nb",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Import decisions as if they had been sent. A repeated run continues. Exit code 1 when one was rejected."""
    config = settings.from_environment()
    sender = _sender(source, authority or sorted(SYSTEM_AUTHORITIES))
    db = open_database(config)
    stream_context = StreamContext(db, EncryptionKeys.of(config), clock.now, language, sender)
    done = ImportProgress()
    with ExitStack() as files:
        incoming = sys.stdin.buffer if str(file) == "-" else files.enter_context(_file(file, "rb"))
        receipt_file = files.enter_context(_file(receipts, "wb")) if receipts else None
        report = files.enter_context(progress("bytes"))
        total = 0 if str(file) == "-" else file.stat().st_size
        groups = (_try_in_groups if dry_run else _process_in_groups)(stream_context, _lines(incoming, done))
        _import_lines(groups, receipt_file, done, lambda: report(done.read, max(total, done.read)))
    db.close()
    _print_result(done, as_json)
    raise typer.Exit(ExitCode.FOUND if done.outcomes[Outcome.REJECTED] else ExitCode.DONE)


@import_app.command()
def waiting(as_json: AsJson = False) -> None:
    """Retry every waiting decision, each in its own transaction. Exit code 1 when one failed."""
    config = settings.from_environment()
    db, keys = open_database(config), EncryptionKeys.of(config)
    counts: Counter[str] = Counter()
    with db.reading() as tx:
        ids = inbox.parked(tx)
    with progress("decisions") as report:
        for number, message_id in enumerate(ids, start=1):
            counts[_retry(db, keys, message_id)] += 1
            report(number, len(ids))
    retry_due(db, keys, clock.now)
    db.close()
    print_counts({"tried": len(ids), **counts}, as_json)
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


def _process_in_groups(context: StreamContext, lines: Iterator[NdjsonLine]) -> Iterator[list[LineReceipt]]:
    """The receipts of these lines, group by group, each after its commit."""
    return (process_lines(context, group) for group in bulk.batches(lines, GROUP))


def _try_in_groups(context: StreamContext, lines: Iterator[NdjsonLine]) -> Iterator[list[LineReceipt]]:
    """The receipts that these lines would get, group by group, in one transaction that is rolled back."""
    return (list(group) for group in bulk.batches(try_lines(context, lines), GROUP))


def _import_lines(
    groups: Iterator[list[LineReceipt]], receipt_file: BinaryIO | None, done: ImportProgress, report: Callable[[], None]
) -> None:
    """Count and write the receipts."""
    for group in groups:
        for answer in group:
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
    """The result of a retry: an outcome, `settled` when it was processed concurrently, or `failed`."""
    why = ""
    for _ in range(TRIES):
        try:
            with db.writing() as tx:
                done = intake.retry_by_hand(tx, IntakeContext(keys, clock.now(), "nb"), message_id, RETRIED_BY)
            return str(done.arrival.outcome) if done else "settled"
        except Exception as error:  # noqa: BLE001  # an unexpected error must not stop the others
            why = type(error).__name__
    err.print(f"{message_id} could not be tried: {why}")
    return "failed"


def _print_result(done: ImportProgress, as_json: bool) -> None:
    if as_json:
        out.print_json(json.dumps({"lines": done.outcomes.total(), "outcomes": done.outcomes, "reasons": done.reasons}))
        return
    print_counts({"lines": done.outcomes.total(), **done.outcomes}, as_json)
    for reason, count in sorted(done.reasons.items()):
        out.print(f"  {reason:<22} {count}")
