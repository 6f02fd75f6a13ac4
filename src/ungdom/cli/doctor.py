"""`ungdom doctor`: looks at everything that an installation needs, and says what to do about what is wrong."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import typer
from rich.table import Table

from ungdom import clock, settings
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.failures import sentence
from ungdom.cli.replicas import read_source
from ungdom.cli.terminal import AsJson, OnDemo, open_database, print_result, selected_settings, sheet, working
from ungdom.delivery.engine import NotDelivered
from ungdom.settings import BadSettings, Settings
from ungdom.settings.addresses import database_kind
from ungdom.store import durability, grants, job_runs, key_usage, outbox, service_figures, staff
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import MissingKeys
from ungdom.store.opening import ERRORS, DatabaseFault, Unusable
from ungdom.store.replica import ReplicaFault
from ungdom.store.session import Connection, Database
from ungdom.workflow.calendar import oslo_date

FREE_BYTES, FREE_SHARE = 1024**3, 0.05
"""A disk with less than this is reported: 1 GiB, or 5 % of it. Office norms."""
CLOCK_LEEWAY = timedelta(seconds=5)
"""As far the clocks of this machine and of the database may differ. An office norm."""


class Verdict(StrEnum):
    """What a check has come to. `FAULT`: the service does not work, or not rightly. `WARNING`: it soon may not."""

    FINE = "ok"
    WARNING = "warning"
    FAULT = "fault"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was seen by one check, and what to do about it; nothing to do where all is well."""

    check: str
    verdict: Verdict
    seen: str
    advice: str = ""


MIGRATION_ADVICE = {
    DatabaseFault.EMPTY: "`ungdom db upgrade`, as the owner of the database",
    DatabaseFault.OUTDATED: "make a backup (`ungdom db backup`), then `ungdom db upgrade` as the owner of the database",
    DatabaseFault.NEWER: "install the program that belongs to this schema, or restore the backup before its upgrade",
    DatabaseFault.FOREIGN: "correct UNGDOM_DATABASE_URL",
}
"""What to do where the database answers and its schema is not that of this program."""

NOT_CONFIGURED: tuple[type[Exception], ...] = (BadSettings, *ERRORS)
"""What is wrong with settings, or with the demo that they are to be of."""

DatabaseCheck = Callable[[Connection, Settings, datetime], Diagnosis]


def doctor(as_json: AsJson = False, on_demo: OnDemo = False) -> None:
    """Look at settings, keys, database, migration, clock, mail, issuers, disk and the last night. Changes nothing.

    Exit codes: 0 all is well or there are warnings only, 1 there is a fault.
    """
    with working("looking at the installation"):
        diagnoses = list(_examine(on_demo))
    print_result({"checks": [asdict(diagnosis) for diagnosis in diagnoses]}, "", True) if as_json else _print(diagnoses)
    faults = any(diagnosis.verdict is Verdict.FAULT for diagnosis in diagnoses)
    raise typer.Exit(ExitCode.FOUND if faults else ExitCode.DONE)


def _print(diagnoses: list[Diagnosis]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    for diagnosis in diagnoses:
        advice = f"\n→ {diagnosis.advice}" if diagnosis.advice else ""
        table.add_row(diagnosis.check, str(diagnosis.verdict), f"{diagnosis.seen}{advice}")
    sheet().print(table, markup=False)


def _examine(on_demo: bool) -> Iterator[Diagnosis]:
    """Every check, in the order in which one needs the others."""
    try:
        config = selected_settings(on_demo)
        settings.private_folder(config.data_dir)
    except NOT_CONFIGURED as error:
        yield Diagnosis("settings", Verdict.FAULT, sentence(error), "docs/settings.md explains each of them")
        yield from (
            _skipped(name, "settings")
            for name in ("disk", "mail", "issuers", "database", "migration", *DATABASE_CHECKS)
        )
        return
    yield Diagnosis("settings", Verdict.FINE, f"a {config.env} installation, reached at {config.public_url}")
    yield from (_disk(config), _mail(config), _issuers(config))
    yield from _of_database(config)


def _skipped(check: str, needs: str) -> Diagnosis:
    return Diagnosis(check, Verdict.SKIPPED, f"needs the {needs}")


# --- the machine and its neighbours -------------------------------------------------------------------------


def _disk(config: Settings) -> Diagnosis:
    folders = {config.data_dir, *(folder for folder in (config.extracts_dir, config.anchor_dir) if folder is not None)}
    full, seen = [], []
    for folder in sorted(folders):
        if not folder.is_dir():
            return Diagnosis("disk", Verdict.FAULT, f"there is no folder {folder}", "make it, or correct its setting")
        usage = shutil.disk_usage(folder)
        seen.append(f"{usage.free / 1024**3:.1f} GiB free at {folder}")
        full += [str(folder)] if usage.free < max(FREE_BYTES, FREE_SHARE * usage.total) else []
    verdict = Verdict.WARNING if full else Verdict.FINE
    advice = f"make room at {', '.join(full)}: a full disk stops every write" if full else ""
    return Diagnosis("disk", verdict, ", ".join(seen), advice)


def _mail(config: Settings) -> Diagnosis:
    from ungdom.notices.mail import reach, relay_of

    relay = relay_of(config)
    if relay is None:
        return Diagnosis("mail", Verdict.WARNING, "no relay is set: no e-mail is sent", "set UNGDOM_SMTP_URL")
    try:
        reach(relay)
    except NotDelivered as error:
        seen = f"the relay {relay.host}:{relay.port} cannot be used ({error.reason})"
        return Diagnosis("mail", Verdict.FAULT, seen, "correct UNGDOM_SMTP_URL, or ask who runs the relay")
    return Diagnosis("mail", Verdict.FINE, f"the relay {relay.host}:{relay.port} takes mail from {relay.sender}")


def _issuers(config: Settings) -> Diagnosis:
    """Whether the keys of every issuer of the access file can be fetched now."""
    import anyio

    from ungdom.api.http.auth.compose import issuer_policies
    from ungdom.api.http.auth.keys import FetchedKeys

    if config.access_file is None:
        return Diagnosis("issuers", Verdict.FINE, "only the built-in issuer of a development installation")
    try:
        policies = issuer_policies(config.access_file, config.env)
    except BadSettings as error:
        return Diagnosis("issuers", Verdict.FAULT, str(error), "docs/access.md explains each word of the file")
    faults = [
        f"{policy.issuer}: {reason}"
        for policy in policies
        if isinstance(policy.keys, FetchedKeys) and (reason := anyio.run(policy.keys.fault)) is not None
    ]
    if faults:
        advice = "correct jwks_uri, proxy or ca_file in the access file, or open the way there: nobody is let in else"
        return Diagnosis("issuers", Verdict.FAULT, f"keys cannot be fetched: {'; '.join(faults)}", advice)
    if config.login_issuer and config.login_issuer not in {policy.issuer for policy in policies}:
        seen = f"UNGDOM_LOGIN_ISSUER {config.login_issuer} is not in the access file"
        return Diagnosis("issuers", Verdict.FAULT, seen, "add it to the access file, or correct the setting")
    return Diagnosis("issuers", Verdict.FINE, f"{len(policies)} with keys")


# --- the database -------------------------------------------------------------------------------------------


def _of_database(config: Settings) -> Iterator[Diagnosis]:
    """What stands in the database. Nothing is erased again that a restored backup brought back."""
    try:
        opened = open_database(config, erasures_first=False)
    except ERRORS as error:
        yield from _unusable(error, config)
        return
    with closing(opened) as db:
        yield Diagnosis("database", Verdict.FINE, f"{_kind_of(config)} answers")
        yield Diagnosis("migration", Verdict.FINE, f"the schema {db.current()} is that of this program")
        yield from (_checked(name, check, db, config) for name, check in DATABASE_CHECKS.items())


def _unusable(error: Exception, config: Settings) -> Iterator[Diagnosis]:
    """A database that answers with another schema, or does not; what needs it is not looked at."""
    advice = MIGRATION_ADVICE.get(error.fault) if isinstance(error, Unusable) else None
    if advice is not None:
        yield Diagnosis("database", Verdict.FINE, f"{_kind_of(config)} answers")
        yield Diagnosis("migration", Verdict.FAULT, sentence(error), advice)
    else:
        yield Diagnosis("database", Verdict.FAULT, sentence(error), "docs/operations.md lists what to do")
        yield _skipped("migration", "database")
    yield from (_skipped(name, "database" if advice is None else "migration") for name in DATABASE_CHECKS)


def _kind_of(config: Settings) -> str:
    return "SQLite" if database_kind(config.database_url) == "sqlite" else "PostgreSQL"


def _checked(name: str, check: DatabaseCheck, db: Database, config: Settings) -> Diagnosis:
    try:
        with db.reading() as tx:
            return check(tx, config, clock.now())
    except ERRORS as error:
        return Diagnosis(name, Verdict.FAULT, sentence(error), "look at the log of the database")


def _durability(tx: Connection, config: Settings, _now: datetime) -> Diagnosis:
    given_up = durability.given_up(tx)
    if given_up:
        seen = f"the server may lose what it has committed: {', '.join(given_up)}"
        verdict = Verdict.WARNING if config.development else Verdict.FAULT  # elsewhere nothing starts with it
        return Diagnosis("durability", verdict, seen, "turn these settings of the server on")
    if not config.development and grants.may_change_history(tx):
        advice = "give the service a role of its own: `ungdom db grants`, docs/operations.md"
        return Diagnosis("durability", Verdict.WARNING, "the role of the service can change and remove events", advice)
    return Diagnosis("durability", Verdict.FINE, "what is committed is kept")


def _replica(_tx: Connection, config: Settings, _now: datetime) -> Diagnosis:
    if config.replica_url is None:
        return Diagnosis("replica", Verdict.FINE, "none is set: figures and extracts are read from the database")
    with closing(Database.open(config.database_url, pool_size=1)) as db, read_source(config, db) as source:
        state = source.state()
    if state is not None and state.sentence != "ok":
        # a foreign replica keeps the service from starting; otherwise the primary is read, and it goes on
        verdict = Verdict.FAULT if state.fault is ReplicaFault.FOREIGN else Verdict.WARNING
        advice = "docs/operations.md, A replica for figures and extracts"
        return Diagnosis("replica", verdict, f"it {state.sentence}", advice)
    return Diagnosis("replica", Verdict.FINE, "it has replayed everything (0 s behind)")


def _keys(tx: Connection, config: Settings, _now: datetime) -> Diagnosis:
    keys = EncryptionKeys.of(config)
    try:
        key_usage.require_keys(tx, keys)
    except MissingKeys as error:
        return Diagnosis("keys", Verdict.FAULT, sentence(error), "docs/keys.md")
    if keys.lost:
        seen = f"declared lost: {', '.join(keys.lost)}; what they encrypt cannot be read"
        return Diagnosis("keys", Verdict.WARNING, seen, "put a key back into UNGDOM_PEOPLE_KEYS as soon as it is found")
    if not config.extract_keys:
        advice = "`ungdom keys new --for extracts`, if extracts are ordered here"
        return Diagnosis("keys", Verdict.WARNING, "no key for extracts: none can be made", advice)
    return Diagnosis("keys", Verdict.FINE, "everything that is encrypted can be read")


def _clock(tx: Connection, _config: Settings, now: datetime) -> Diagnosis:
    advice = "let both machines follow the same time service (NTP): due dates and the order of events rest on it"
    ahead = service_figures.clock_ahead(tx, now)
    if abs(ahead) > CLOCK_LEEWAY:
        seen = f"the clock of the database is {ahead.total_seconds():+.0f} s from the one here"
        return Diagnosis("clock", Verdict.FAULT, seen, advice)
    newest = service_figures.newest_recorded(tx)
    if newest is not None and newest > now + CLOCK_LEEWAY:
        return Diagnosis("clock", Verdict.FAULT, f"an event was recorded at {newest:%Y-%m-%d %H:%M}, to come", advice)
    return Diagnosis("clock", Verdict.FINE, f"{now:%Y-%m-%d %H:%M:%S} UTC, and no event is recorded later")


def _last_night(tx: Connection, _config: Settings, now: datetime) -> Diagnosis:
    last = job_runs.last_completed_night(tx)
    if job_runs.nightly_run_is_late(tx, now):
        seen = f"the last night that was completed is {last.for_date if last else 'none'}"
        return Diagnosis("night", Verdict.FAULT, seen, "`ungdom nightly` now, and a worker or timer that runs it")
    if last is None:
        return Diagnosis("night", Verdict.FINE, "no night has been due yet")
    if last.status != job_runs.SUCCEEDED:
        advice = "`ungdom nightly --on` that day again, and its log"
        return Diagnosis("night", Verdict.WARNING, f"{last.for_date} ended {last.status}", advice)
    return Diagnosis("night", Verdict.FINE, f"{last.for_date} was completed")


def _messages(tx: Connection, _config: Settings, now: datetime) -> Diagnosis:
    figures = service_figures.message_figures(tx, now)
    dead = sum(figures[name] or 0 for name in ("ungdom_outbox_dead_letters", "ungdom_notices_dead_letters"))
    waiting = outbox.count_waiting_too_long(tx, now)
    if waiting:
        minutes = outbox.LONGEST_WAIT // timedelta(minutes=1)
        seen = f"{waiting} could have been sent for over {minutes} minutes and have not been: no worker sends them"
        return Diagnosis("messages", Verdict.FAULT, seen, "start `ungdom worker`, or read its log")
    if dead:
        advice = "`ungdom deliver --held` and `ungdom notices deliver --held` list them; --replay sends them again"
        return Diagnosis("messages", Verdict.WARNING, f"{dead:.0f} dead letters", advice)
    return Diagnosis("messages", Verdict.FINE, "none waits too long, none was given up")


def _staff(tx: Connection, config: Settings, now: datetime) -> Diagnosis:
    count = len(staff.all_staff(tx, oslo_date(now)))
    if count or config.development:
        return Diagnosis("staff", Verdict.FINE, f"{count} members in service")
    return Diagnosis("staff", Verdict.FAULT, "nobody is in service", "`ungdom staff import`: docs/staff.md")


DATABASE_CHECKS: dict[str, DatabaseCheck] = {
    "durability": _durability,
    "replica": _replica,
    "keys": _keys,
    "clock": _clock,
    "night": _last_night,
    "messages": _messages,
    "staff": _staff,
}
"""The checks that read the database, in their order."""
