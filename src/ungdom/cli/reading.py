"""What an operator reads by a command, written to the access log before it is printed."""

import os
import pwd
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from ungdom import clock
from ungdom.store.access_log import Access, AccessLog, broken_off
from ungdom.store.access_subjects import subjects_of
from ungdom.store.ids import uuid7
from ungdom.store.schema.access import AccessKind
from ungdom.store.session import Database
from ungdom.workflow.rules.access import PURPOSES
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.vocabulary import Role

COMMAND_LINE = Viewer(Role.SYSTEM, "command-line", None)
"""The viewer of what a command reads, and who enters a basis by one."""
SYSTEM = "command-line"
STANDING = (Matter.CURRENT_STATUS,)
"""Where a case stands: what a list of references says."""
_OF_PERSONS = {Matter.IDENTITY, Matter.NAME_AND_BIRTH_YEAR, Matter.ADDRESS}
HISTORY = tuple(matter for matter in Matter if matter not in _OF_PERSONS)
"""What the events of a case say: everything but who the person is and how they are reached."""


def log_read(
    db: Database,
    command: str,
    ids: Collection[UUID] | None,
    matters: tuple[Matter, ...],
    access_log: AccessLog | None = None,
) -> Access | None:
    """Write that the data of these cases and persons is read by the command; returns when it is committed.

    `ids`: None for every case, which is one row without entries. None where the ids name nobody: nothing is written.
    `access_log`: of a command that writes many rows, so that they stand in one stream. Raises `Unavailable` where it
    cannot be written.
    """
    if ids is not None and not ids:
        return None
    now = clock.now()
    with db.reading() as tx:
        entries = subjects_of(tx, {id.hex for id in ids or ()})
    if ids is not None and not entries:
        return None
    access = replace(_access(command, now, matters), entries=entries)
    (access_log or AccessLog(db)).write(access)
    return access


def log_broken_off(db: Database, access: Access) -> None:
    """Write that what was read did not reach the operator whole. Raises `Unavailable`."""
    now = clock.now()
    AccessLog(db).write(broken_off(access, uuid7(now), now))


def _access(command: str, at: datetime, matters: tuple[Matter, ...]) -> Access:
    return Access(
        access_id=uuid7(at),
        at=at,
        kind=AccessKind.READ,
        subject=operator(),
        role=COMMAND_LINE.role,
        konfliktrad=None,
        system=SYSTEM,
        organisation=None,
        route=f"ungdom {command}",
        matters=matters,
        purpose=PURPOSES[COMMAND_LINE.role],
    )


def operator() -> str:
    """The user of the operating system who runs this process, by name; the number of a user without one."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
