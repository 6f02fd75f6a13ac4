"""`ungdom keys`: new keys of an installation, which key encrypts what, and encrypting everything with a new key."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from ungdom import clock
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.terminal import (
    AsJson,
    OnDemo,
    err,
    open_database,
    out,
    print_result,
    print_table,
    progress,
    selected_settings,
    working,
)
from ungdom.jobs.tracking import tracked
from ungdom.settings import Settings
from ungdom.settings.keys import KEY_PURPOSES, decode_key, new_key, parse_versioned_key
from ungdom.store import key_usage, resealing
from ungdom.store.encryption import EncryptionKeys, short_id
from ungdom.store.job_runs import KEY_ROTATION, PARTIAL, SUCCEEDED
from ungdom.store.key_usage import KeyUsage
from ungdom.store.session import Database
from ungdom.workflow.calendar import oslo_date

keys_app = typer.Typer(no_args_is_help=True, help="Keys of an installation: docs/keys.md.")


class KeyPurpose(StrEnum):
    """The use of a key."""

    PEOPLE = "people"
    CURSOR = "cursor"
    EXTRACTS = "extracts"


COSTS: Mapping[KeyPurpose, str] = {
    KeyPurpose.PEOPLE: "without it every name, contact and identity number in the database and its backups is lost",
    KeyPurpose.CURSOR: "without it clients begin their lists anew",
    KeyPurpose.EXTRACTS: "without it old extracts cannot be built again, and new ones cannot be joined with them",
}
KEEP_APART = "Keep them where only the service and your backup of secrets can read them, apart from the database."
RECORDS = "records"
"""What is encrypted anew, as the phase of its run."""
KEEP_OLD = "Keep a replaced key as long as a backup of the database that it opens: for nothing else can."


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """A key for encryption. `position`: in UNGDOM_PEOPLE_KEYS from 1; None if it is not there."""

    key_id: str
    position: int | None
    records: int


@keys_app.callback()
def keys() -> None:
    """Keys of an installation."""


@keys_app.command()
def new(
    purposes: Annotated[list[KeyPurpose] | None, typer.Option("--for", help="Use of the key; default all.")] = None,
    version: Annotated[int, typer.Option(min=1, help="Version of an extract key: one higher than the last.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Print new keys as lines of an environment file. Nothing is stored."""
    chosen = purposes or list(KeyPurpose)
    new_keys = {purpose: new_key() for purpose in chosen}
    values = {
        KEY_PURPOSES[purpose]: f"{version}:{key}" if purpose is KeyPurpose.EXTRACTS else key
        for purpose, key in new_keys.items()
    }
    print_result(values, "\n".join(f"{name}={value}" for name, value in values.items()), as_json)
    err.print(KEEP_APART)
    for purpose, key in new_keys.items():
        err.print(f"{KEY_PURPOSES[purpose]} {short_id(decode_key(key), purpose)}: {COSTS[purpose]}.")


@keys_app.command()
def status(as_json: AsJson = False, on_demo: OnDemo = False) -> None:
    """Show how many records of each table each key encrypts, and which key may be removed.

    Exit code 1 while a record is encrypted with another key than the first.
    """
    config = selected_settings(on_demo)
    with closing(open_database(config)) as db:
        usage = _usage(db, config)
    if as_json:
        out.print_json(json.dumps(_as_json(config, usage)))
    else:
        _print(config, usage)
    raise typer.Exit(_exit_code(config, usage))


@keys_app.command()
def rotate(as_json: AsJson = False, on_demo: OnDemo = False) -> None:
    """Encrypt every record with the first key of UNGDOM_PEOPLE_KEYS, while the service is used.

    Can be stopped and started again at any time. Exit code 1 if a record is still encrypted with another key.
    """
    config = selected_settings(on_demo)
    encryption = EncryptionKeys.of(config)
    with closing(open_database(config)) as db:
        err.print(f"Encrypting everything with key {encryption.ids[0]}: {COSTS[KeyPurpose.PEOPLE]}.")
        err.print(KEEP_OLD)
        before = _left(config, _usage(db, config))
        with progress("records") as shown, tracked(db, KEY_ROTATION, oslo_date(clock.now()), clock.now) as run:
            counts = Counter[str]()

            def report(done: int, total: int) -> None:
                shown(done, total)
                run.report(RECORDS, done, total)

            results = resealing.reseal(db, encryption, lambda table, done: _report(report, counts, table, done, before))
            resealed, unopened = (sum(getattr(row, name) for row in results) for name in ("resealed", "unopened"))
            run.counts = {"resealed": resealed, "unopened": unopened}
            run.status = PARTIAL if unopened else SUCCEEDED
        usage = _usage(db, config)
    rows = [asdict(result) for result in results if result.resealed or result.unopened]
    if as_json:
        out.print_json(json.dumps({"resealed": rows, **_as_json(config, usage)}))
    else:
        for row in rows:
            out.print("{table}: {resealed} encrypted anew, {unopened} cannot be opened".format(**row))
        _print(config, usage)
    raise typer.Exit(_exit_code(config, usage))


def _report(report: Any, counts: Counter[str], table: str, done: int, total: int) -> None:
    counts[table] = done
    report(counts.total(), max(total, counts.total()))


# --- what is shown ------------------------------------------------------------------------------------------


def _usage(db: Database, config: Settings) -> list[KeyUsage]:
    with working("counting what each key encrypts"), db.reading() as tx:
        return key_usage.usage(tx, EncryptionKeys.of(config))


def _left(config: Settings, usage: Sequence[KeyUsage]) -> int:
    """The number of records that are not encrypted with the first key."""
    newest = EncryptionKeys.of(config).ids[0]
    return sum(row.records for row in usage if row.key_id != newest)


def _exit_code(config: Settings, usage: Sequence[KeyUsage]) -> ExitCode:
    return ExitCode.FOUND if _left(config, usage) else ExitCode.DONE


def _statuses(config: Settings, usage: Sequence[KeyUsage]) -> list[KeyStatus]:
    """The keys of the settings in their order, then those that only records name."""
    ids = EncryptionKeys.of(config).ids
    records = Counter[str]()
    for row in usage:
        records[row.key_id] += row.records
    known = [KeyStatus(key_id, position, records[key_id]) for position, key_id in enumerate(ids, 1)]
    return known + [KeyStatus(key_id, None, count) for key_id, count in records.items() if key_id not in ids]


def _other_keys(config: Settings) -> Iterator[tuple[str, str, str]]:
    """Setting, short id and use of the keys that encrypt nothing in the database."""
    for number, key in enumerate(config.cursor_keys):
        use = "signs cursors" if number == 0 else "its cursors are accepted: may be removed when no list is being read"
        yield KEY_PURPOSES[KeyPurpose.CURSOR], short_id(decode_key(key), KeyPurpose.CURSOR), use
    versions = dict(parse_versioned_key(key) for key in config.extract_keys)
    for version, raw in sorted(versions.items(), reverse=True):
        use = f"version {version}: " + ("new extracts" if version == max(versions) else "builds older extracts again")
        yield KEY_PURPOSES[KeyPurpose.EXTRACTS], short_id(raw, KeyPurpose.EXTRACTS), use


def _sentence(key: KeyStatus) -> str:
    if key.key_id == key_usage.NOT_ENCRYPTED:
        return "hashes of an earlier version, or of unknown origin: run `ungdom keys rotate`"
    if key.position is None:
        return f"not in UNGDOM_PEOPLE_KEYS: these cannot be read; {COSTS[KeyPurpose.PEOPLE]}"
    if key.position == 1:
        return "encrypts what is written now"
    return "keep it, and run `ungdom keys rotate`" if key.records else "may be removed"


def _print(config: Settings, usage: Sequence[KeyUsage]) -> None:
    by_table: defaultdict[str, list[str]] = defaultdict(list)
    for row in usage:
        by_table[row.table].append(f"{row.records} with {row.key_id}")
    lines = [f"{table}: {', '.join(parts)}" for table, parts in by_table.items()]
    print_table([asdict(row) for row in usage], ["table", "key_id", "records"], lines)
    shown = _as_json(config, usage)
    keys = [{"setting": KEY_PURPOSES[KeyPurpose.PEOPLE], **row} for row in shown["keys"]]
    others = [{**row, "records": ""} for row in shown["other_keys"]]
    lines = ["{setting} {key_id}: {records} record(s); {use}".format(**row) for row in keys]
    lines += ["{setting} {key_id}: {use}".format(**row) for row in others]
    print_table([*keys, *others], ["setting", "key_id", "records", "use"], lines)
    out.print(f"{_left(config, usage)} record(s) left to encrypt with the first key")


def _as_json(config: Settings, usage: Sequence[KeyUsage]) -> dict[str, Any]:
    others = [{"setting": setting, "key_id": key_id, "use": use} for setting, key_id, use in _other_keys(config)]
    return {
        "tables": [asdict(row) for row in usage],
        "keys": [asdict(key) | {"use": _sentence(key)} for key in _statuses(config, usage)],
        "other_keys": others,
        "left": _left(config, usage),
    }
