"""`ungdom extracts` lists the extracts; `ungdom extract` writes one, or rebuilds it from its manifest."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from rich.table import Table

from ungdom import clock, texts
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.figures import DAY, ValidAt
from ungdom.cli.replicas import open_read_source
from ungdom.cli.terminal import (
    AsJson,
    OnDemo,
    background,
    err,
    out,
    print_result,
    progress,
    selected_settings,
    working,
)
from ungdom.settings import BadSettings, Settings
from ungdom.workflow.calendar import last_moment, oslo_date

if TYPE_CHECKING:
    from ungdom.extracts.build import ExtractResult
    from ungdom.extracts.order import Order
    from ungdom.store.replica import ReadSource
    from ungdom.store.session import Database

Name = Annotated[str | None, typer.Argument(help="Name of the extract; `ungdom extracts` lists them.")]
PurposeName = Annotated[str | None, typer.Option("--purpose", help="The purpose that it was ordered for.")]
KnownAt = Annotated[datetime | None, typer.Option("--known-at", formats=DAY, help="As known at the end of this day.")]
USAGE = "say NAME, --purpose and --known-at, or --rebuild; what has been released needs a NAME only"
Format = Annotated[str, typer.Option("--format", help="File format: parquet, csv, csv-bom, arrow, arrows or ndjson.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="A file if it has a suffix; otherwise a folder by year and konfliktråd."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Resume an interrupted folder.")]
Rebuild = Annotated[Path | None, typer.Option("--rebuild", help="Rebuild the extract of this manifest and compare.")]


Labels = Annotated[list[str], typer.Option("--labels", help="Labels beside codes in nb, nn or en. Repeatable.")]
Dummy = Annotated[int, typer.Option("--dummy", min=0, help="Rows of so many invented cases; no database is read.")]


class OrderOptions(NamedTuple):
    """What `ungdom extract` orders."""

    name: str
    purpose: str | None
    known_at: datetime | None
    valid_at: datetime | None
    labels: tuple[texts.Language, ...]


WorkFlag = Annotated[bool, typer.Option("--work", help="Run the waiting jobs, as a worker does.")]
JOIN_TIMEOUT = 10
"""Seconds that a running job has to stop when the worker is stopped."""


def extracts(as_json: AsJson = False, work: WorkFlag = False, on_demo: OnDemo = False) -> None:
    """List every extract and the purposes of this installation. With --json: the schemas."""
    config = selected_settings(on_demo)
    if work:
        _make_jobs(config, as_json)
        return
    from ungdom.extracts import dictionary, purposes
    from ungdom.extracts.catalogue import EXTRACTS

    if as_json:
        out.print_json(json.dumps({entry.name: dictionary.whole_schema(entry) for entry in EXTRACTS}))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("extract", "definition", "one row is", "columns"):
        table.add_column(column)
    for entry in EXTRACTS:
        table.add_row(entry.name, str(entry.version), entry.unit, str(len(entry.columns)))
    out.print(table)
    for purpose in purposes.load(config):
        out.print(f"purpose {purpose.name}: {', '.join(purpose.dates)}; until {purpose.until}")
    out.print("every column: docs/codebook.md, or --json")


def extract(  # noqa: PLR0913, PLR0917  # each an option of the command
    name: Name = None,
    purpose: PurposeName = None,
    known_at: KnownAt = None,
    valid_at: ValidAt = None,
    form: Format = "parquet",
    out_path: Out = None,
    resume: Resume = False,
    rebuild: Rebuild = None,
    labels: Labels = [],  # noqa: B006  # typer reads it and does not change it
    dummy: Dummy = 0,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Write an extract with its manifest and dictionary. Exit code 1 when it cannot be made or rebuilt."""
    config = selected_settings(on_demo)
    if out_path is None:
        raise BadSettings("say with --out where it is to be written")
    if name is None and rebuild is None:
        raise BadSettings(USAGE)
    options = OrderOptions(name or "", purpose, known_at, valid_at, _languages(labels))
    with _reported_errors():
        if dummy:
            result = _write_dummy(config, options, form, out_path, dummy)
        else:
            with open_read_source(config) as source:
                if rebuild is None:
                    result = _write_extract(source, config, options, form, out_path, resume)
                else:
                    result = _rebuild(source, config, _read_manifest(rebuild), out_path, resume)
    _print_result(result, as_json)


def _print_result(result: "ExtractResult", as_json: bool) -> None:
    size = sum(file.bytes for file in result.files.values())
    values = {"rows": result.rows, "files": sorted(result.files), "bytes": size, "unread": result.unread}
    print_result(values, f"{result.rows} row(s) in {len(result.files)} file(s), {size} bytes", as_json)
    if result.unread:
        err.print(f"{result.unread} case(s) left out: their history could not be read")


@contextmanager
def extract_worker(config: Settings, stop: Event, every: float) -> Iterator[None]:
    """Run extract jobs in a background thread inside the `with` statement. An interrupted job is resumed later."""
    from ungdom.extracts import job_worker

    with open_read_source(config) as source:
        work = job_worker.from_settings(config, source, clock.now, stop.is_set)
        with background("extracts", partial(job_worker.run_until_stopped, work, stop, every), stop, JOIN_TIMEOUT):
            yield


def _make_jobs(config: Settings, as_json: bool) -> None:
    from ungdom.extracts import job_worker

    with open_read_source(config) as source, working("building the ordered extracts"):
        done = job_worker.run(job_worker.from_settings(config, source, clock.now))
    print_result(done, ", ".join(f"{name} {count}" for name, count in done.items()) or "nothing to do", as_json)
    raise typer.Exit(ExitCode.FOUND if done["failed"] else ExitCode.DONE)


@contextmanager
def _reported_errors() -> Iterator[None]:
    from ungdom.extracts.errors import ExtractsError
    from ungdom.extracts.partitioned_writer import OtherExtract

    try:
        yield
    except OtherExtract as error:
        err.print(f"ungdom: {error} holds another extract")
        raise typer.Exit(ExitCode.FOUND) from None
    except ExtractsError as error:
        err.print(f"ungdom: {error}")
        raise typer.Exit(ExitCode.FOUND) from None


def _write_extract(
    source: "ReadSource",
    config: Settings,
    options: OrderOptions,
    written_as: str,
    path: Path,
    resume: bool,
) -> "ExtractResult":
    from ungdom.extracts import build, download_log
    from ungdom.extracts.order import OPERATOR

    db = source.current()
    order, form = _order(db, config, options), _form(written_as)
    with (
        download_log.log_download(source.primary, order, form, OPERATOR, clock.now) as log,
        progress("cases") as report,
    ):
        if path.suffix or order.extract.released:
            log.result = build.file(db, order, form, path, report)
        else:
            log.result = build.folder(db, order, form, path, resume, report)
    return log.result


def _order(db: "Database", config: Settings, options: OrderOptions) -> "Order":
    from ungdom.extracts import catalogue, released
    from ungdom.extracts import order as orders

    name, purpose, known_on, valid_at, labels = options
    selected, known_at = catalogue.extract(name), last_moment(known_on.date()) if known_on else None
    if selected.released:
        with db.reading() as tx:
            return replace(released.order(tx, selected, known_at), labels=labels)
    if not (purpose and known_at):
        raise BadSettings(USAGE)
    request = orders.OrderRequest(name, purpose, known_at, valid_at.date() if valid_at else None, None, labels)
    return orders.order_service(config).order(request, clock.now())


def _write_dummy(config: Settings, options: OrderOptions, written_as: str, path: Path, cases: int) -> "ExtractResult":
    """An extract of invented cases in a database that is deleted afterwards, as the purpose would receive it."""
    from ungdom.cli import dummy_cases
    from ungdom.extracts import build

    form = _form(written_as)
    if not options.purpose:
        raise BadSettings("say with --purpose whose columns and days the dummy rows have")
    order = dummy_cases.order(config, options.name, options.purpose, options.labels)
    with dummy_cases.database(cases) as db, progress("cases") as report:
        if path.suffix:
            return build.file(db, order, form, path, report)
        return build.folder(db, order, form, path, report=report)


def _languages(given: list[str]) -> tuple[texts.Language, ...]:
    if unknown := sorted(set(given) - set(texts.languages())):
        raise BadSettings(f"--labels is one of {', '.join(texts.languages())}, not {', '.join(unknown)}")
    return tuple(language for language in texts.languages() if language in given)


def _rebuild(
    source: "ReadSource", config: Settings, original: dict[str, Any], path: Path, resume: bool
) -> "ExtractResult":
    from ungdom.extracts import build, download_log, manifest
    from ungdom.extracts.order import OPERATOR, order_service

    service = order_service(config)
    order = manifest.order_of(original, service.keys, service.purposes, oslo_date(clock.now()))
    form = manifest.form_of(original)
    logged = download_log.log_download(source.primary, order, form, OPERATOR, clock.now)
    with logged as log, progress("cases") as report:
        log.result = build.rebuild(source.current(), order, original, path, resume, report)
    return log.result


def _form(written: str) -> Any:
    from ungdom.extracts.writers import Form

    try:
        return Form(written)
    except ValueError:
        raise BadSettings(f"--format is one of {', '.join(Form)}, not {written}") from None


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadSettings(f"{path}: {error}") from None
    if "manifest" not in manifest:
        raise BadSettings(f"{path} is no manifest of an extract")
    return manifest
