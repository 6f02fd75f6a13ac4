"""Expected errors of a command, printed as one sentence."""

import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.terminal import UnusableDemo, err
from ungdom.observability.logger import EventLogger
from ungdom.retention.journal import UNREADABLE_JOURNAL, BadErasureJournal
from ungdom.settings import BadSettings
from ungdom.store.errors import CannotOpen, DamagedValue, KeyLost, MissingKeys, Unavailable
from ungdom.store.opening import ERRORS, DatabaseFault, Unusable
from ungdom.workflow.errors import IllegalHistory, UnreadableHistory

UPGRADE, DEMO = "`ungdom db upgrade`", "`ungdom demo`"
"""The command that creates a current schema: of a database, and of the demo database."""

SENTENCES: Mapping[DatabaseFault, str] = {
    DatabaseFault.MISSING: f"there is no database {{detail}}: {UPGRADE} makes it",
    DatabaseFault.NO_FOLDER: "there is no folder {detail} for the database: make it, or correct UNGDOM_DATABASE_URL",
    DatabaseFault.EMPTY: f"the database has no schema yet: run {UPGRADE}",
    DatabaseFault.FOREIGN: "the database has tables, but not those of ungdom: UNGDOM_DATABASE_URL names another one",
    DatabaseFault.OUTDATED: f"the schema of the database is older than this program ({{detail}}): run {UPGRADE}",
    DatabaseFault.NEWER: "the schema of the database is newer than this program ({detail}): install the newer program",
    DatabaseFault.BUSY: "the database is locked by another program: try again when it is done ({detail})",
    DatabaseFault.UNREACHABLE: "the database cannot be reached or opened; see UNGDOM_DATABASE_URL ({detail})",
    DatabaseFault.NOT_DURABLE: "the database may lose what it has committed ({detail}): turn these settings on",
    DatabaseFault.SILENT: "the database does not answer; see UNGDOM_DATABASE_URL and the network",
}


FAULT = (
    "a fault of the program ({kind}), not of what you typed: `ungdom doctor` shows whether the installation is in"
    " order. Report it with the log line above"
)
"""The sentence of an error that nobody foresaw."""

UNREADABLE_HELP = (
    "`ungdom audit verify` names the rows that are not as they were written: restore the case from a backup"
    " (docs/faults.md), or install the newer program that wrote it"
)
"""What helps where the stored history of a case cannot be read."""

EXPECTED: tuple[type[Exception], ...] = (BadSettings, IllegalHistory, *ERRORS)
"""Errors that end a command with a sentence of their own."""

log = EventLogger("ungdom.process")


def end_in_one_sentence(error: Exception) -> NoReturn:
    """End the program with a sentence and an exit code.

    An error that nobody foresaw is logged with its type and the places it passed: its text may hold values of persons.
    """
    if isinstance(error, EXPECTED):
        text, code = sentence(error), code_of(error)
    elif isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        text = f"the system refused what the command needs: {place}{error.strerror or error}"
        code = ExitCode.SYSTEM
    else:
        log.error("command.failed", error=error)
        text, code = FAULT.format(kind=type(error).__name__), ExitCode.FAULT
    err.print(f"ungdom: {text}", markup=False)
    sys.exit(code)


def sentence(error: Exception) -> str:
    """What is wrong and what would help. Contains no values of SQL statements."""
    if isinstance(error, Unusable):
        text = SENTENCES[error.fault].format(detail=error.detail)
        return text.replace(UPGRADE, DEMO) if isinstance(error, UnusableDemo) else text
    texts = (text(error) for kind, text in TEXTS if isinstance(error, kind))
    return next(texts, f"the database refused what the command needs ({type(error).__name__}): see its log")


def _unavailable(error: Unavailable) -> str:
    cause = error.__cause__
    if error.reason == UNREADABLE_JOURNAL and isinstance(cause, OSError):
        return f"the journal of erasures {cause.filename} cannot be used: {cause.strerror}; see UNGDOM_ERASURE_JOURNAL"
    if error.reason == UNREADABLE_JOURNAL:
        return "the journal of erasures cannot be read or written: see the file in UNGDOM_ERASURE_JOURNAL"
    return f"the database cannot be reached or is too busy ({error.reason}): try again"


def _key_lost(error: KeyLost) -> str:
    return (
        f"something encrypted can no longer be read: key {error.key_id} is declared lost in UNGDOM_LOST_KEYS. If it is"
        " found again, put it back into UNGDOM_PEOPLE_KEYS"
    )


def _cannot_open(error: CannotOpen) -> str:
    return f"something encrypted cannot be read, {error}: is a key missing in UNGDOM_PEOPLE_KEYS?"


def _damaged(error: DamagedValue) -> str:
    return f"something stored cannot be read: {error}. Run `ungdom db check` and `ungdom audit verify`, which name it"


def unreadable(error: IllegalHistory) -> str:
    """Which case cannot be read, which of its events, and what would help."""
    case = f"case {error.reference}" if isinstance(error, UnreadableHistory) else "a case"
    fault = str(error) if error.seq else "one of its events, or its table, is not of this program"
    return f"the history of {case} cannot be read: {fault}; {UNREADABLE_HELP}"


def _missing_keys(error: MissingKeys) -> str:
    named = "; ".join(f"key {key_id} ({', '.join(tables)})" for key_id, tables in sorted(error.tables.items()))
    return (
        f"records are encrypted with a key that is not in UNGDOM_PEOPLE_KEYS: {named}. Without it every name, contact"
        " and identity number in them is lost: put it back, or run `ungdom keys rotate` where it is set. If it is lost"
        " for good, name it in UNGDOM_LOST_KEYS: the service then starts without those records"
    )


TEXTS: tuple[tuple[type[Exception], Callable[[Any], str]], ...] = (
    (Unavailable, _unavailable),
    (MissingKeys, _missing_keys),
    (KeyLost, _key_lost),
    (CannotOpen, _cannot_open),
    (DamagedValue, _damaged),
    (BadErasureJournal, str),
    (IllegalHistory, unreadable),
    (BadSettings, str),
)
"""The sentence of each kind of error; the first kind that fits."""


def code_of(error: Exception) -> ExitCode:
    """The exit code of this error."""
    if isinstance(error, IllegalHistory):
        return ExitCode.FOUND
    return ExitCode.CALL if isinstance(error, BadSettings | CannotOpen | MissingKeys) else ExitCode.DATABASE
