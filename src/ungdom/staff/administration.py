"""Changes of the list of staff, each recorded with who made it.

A leader edits the entries of their own office, the secretariat and an administrator all of them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from ungdom.cases import Precondition, VersionRequired
from ungdom.staff import hand_over
from ungdom.staff.errors import (
    AbsenceOver,
    AbsenceOverlaps,
    ContactIsTheirOwn,
    MemberExists,
    MemberOutdated,
    NoSuchAbsence,
    NoSuchMember,
    SubstituteNotAvailable,
)
from ungdom.staff.hand_over import CaseOutcome
from ungdom.store import contacts, staff, staff_changes
from ungdom.store.contacts import NotificationContact
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.ids import uuid7
from ungdom.store.schema.staff import StaffAction
from ungdom.store.session import Connection
from ungdom.store.staff import Absence, Staff
from ungdom.store.staff_changes import StaffChange
from ungdom.texts import Language
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.permissions import (
    OF_THE_OFFICE,
    OtherOffice,
    RoleNotAllowed,
    Viewer,
    may_edit_staff,
    may_read_staff,
)
from ungdom.workflow.vocabulary import Role

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Editor:
    """Who changes the list, and when."""

    viewer: Viewer
    now: datetime

    @property
    def today(self) -> date:
        """The day in Norway."""
        return oslo_date(self.now)


@dataclass(frozen=True, slots=True)
class AbsenceChange:
    """An absence that was entered or ended. `cases`: those handed over or taken back at once."""

    absence: Absence
    cases: tuple[CaseOutcome, ...] = ()


# --- who may ----------------------------------------------------------------------------------------------------


def office_of(viewer: Viewer) -> str | None:
    """The konfliktråd to whose entries the viewer is restricted; None: every entry."""
    return viewer.konfliktrad if viewer.role in OF_THE_OFFICE else None


def read(tx: Connection, viewer: Viewer, subject: str, for_update: bool = False) -> Staff:
    """The entry, if it is the viewer's own or one that they may read. Raises `NoSuchMember`."""
    member = staff.find(tx, subject, for_update)
    own = viewer.subject == subject
    office = office_of(viewer)
    visible = member is not None and may_read_staff(viewer.role) and office in {None, member.konfliktrad}
    if member is None or not (own or visible):
        raise NoSuchMember
    return member


def _check_editor(editor: Editor, member: Staff) -> None:
    """Raises `RoleNotAllowed` or `OtherOffice`. Only the secretariat and an administrator enter the secretariat."""
    viewer, national = editor.viewer, (Role.SECRETARIAT, Role.ADMIN)
    if not may_edit_staff(viewer.role):
        raise RoleNotAllowed((Role.LEADER, *national))
    office = office_of(viewer)
    if office is not None and member.konfliktrad != office:
        raise OtherOffice(office)
    if Role.SECRETARIAT in member.roles and viewer.role not in (*national, Role.SYSTEM):
        raise RoleNotAllowed(national)


# --- entries ----------------------------------------------------------------------------------------------------


def add(tx: Connection, editor: Editor, member: Staff) -> Staff:
    """Enter a new member. Raises `MemberExists`, `RoleNotAllowed` or `OtherOffice`."""
    _check_editor(editor, member)
    if staff.find(tx, member.subject) is not None:
        raise MemberExists(member.subject)
    staff.save_staff(tx, [member])
    log(tx, editor, member.subject, StaffAction.ADDED, _changed_fields(None, member))
    return member


def change(
    tx: Connection, editor: Editor, subject: str, expected: Precondition | None, values: Mapping[str, Any]
) -> Staff:
    """Change fields of an entry; an entry that reads like that already keeps its version.

    Raises `NoSuchMember`, `VersionRequired`, `MemberOutdated`, `RoleNotAllowed` or `OtherOffice`.
    """
    member = read(tx, editor.viewer, subject, for_update=True)
    _check_editor(editor, member)
    if expected is None:
        raise VersionRequired
    if not expected.holds(member.version):
        raise MemberOutdated(member.version)
    return _write(tx, editor, member, replace(member, **values))


def update_or_add(tx: Connection, editor: Editor, member: Staff) -> StaffAction | None:
    """Write the entry whole, new or changed; None if it reads like that already. Raises `RoleNotAllowed`."""
    known = staff.find(tx, member.subject, for_update=True)
    if known is None:
        add(tx, editor, member)
        return StaffAction.ADDED
    after = _write(tx, editor, known, replace(member, version=known.version))
    return StaffAction.CHANGED if after.version != known.version else None


def _write(tx: Connection, editor: Editor, before: Staff, after: Staff) -> Staff:
    _check_editor(editor, after)
    changed = _changed_fields(before, after)
    if not changed:
        return before
    new = replace(after, version=before.version + 1)
    staff.save_staff(tx, [new])
    log(tx, editor, new.subject, StaffAction.CHANGED, changed)
    return new


def _changed_fields(before: Staff | None, after: Staff) -> dict[str, Any]:
    """The fields that differ, each with its old and new value. Names and telephone numbers without the values."""
    fields = ("konfliktrad", "roles", "display_name", "active_from", "active_to", "telephone", "cleared")
    values = {name: (getattr(before, name, None), getattr(after, name)) for name in fields}
    private = ("display_name", "telephone")
    return {
        name: None if name in private else [_plain(old), _plain(new)]
        for name, (old, new) in values.items()
        if old != new
    }


def _plain(value: Any) -> Any:
    return (
        [str(role) for role in value] if isinstance(value, tuple) else str(value) if isinstance(value, date) else value
    )


def write_contact(  # each is a field of the contact
    tx: Connection,
    keys: EncryptionKeys,
    editor: Editor,
    subject: str,
    language: Language,
    email_digest: bool,
    address: str | None,
) -> bool:
    """Write how a member is notified; False where nothing changed. What they have written themselves stays theirs.

    Raises `ContactIsTheirOwn`.
    """
    member = read(tx, editor.viewer, subject)
    known = contacts.find(tx, keys, subject)
    if known is not None and (known.language, known.email_digest, known.address) == (language, email_digest, address):
        return False
    if known is not None and known.own and editor.viewer.subject != subject:
        raise ContactIsTheirOwn
    new = NotificationContact(
        subject=subject,
        role=member.main_role,
        language=language,
        email_digest=email_digest,
        address=address,
        written_by=editor.viewer.subject,
    )
    contacts.write(tx, keys, new, editor.now)
    log(tx, editor, subject, StaffAction.CONTACT_CHANGED, {})
    return True


def log(tx: Connection, editor: Editor, subject: str, action: StaffAction, details: Mapping[str, Any]) -> None:
    """Record that the entry was changed, and by whom."""
    viewer = editor.viewer
    new = StaffChange(
        change_id=uuid7(editor.now),
        subject=subject,
        action=action,
        details=json.dumps(details, sort_keys=True, ensure_ascii=False),
        changed_at=editor.now,
        changed_by=viewer.subject,
        role=viewer.role,
    )
    staff_changes.add(tx, new)


# --- absence ----------------------------------------------------------------------------------------------------


def add_absence(tx: Connection, editor: Editor, new: Absence) -> AbsenceChange:
    """Enter an absence. One that has begun and hands over does so at once; a later one on its first day, by night.

    Raises `NoSuchMember`, `RoleNotAllowed`, `OtherOffice`, `AbsenceOver`, `AbsenceOverlaps` or
    `SubstituteNotAvailable`.
    """
    member = read(tx, editor.viewer, new.subject, for_update=True)
    _check_editor(editor, member)
    if new.last_day < editor.today:
        raise AbsenceOver
    if _away_between(tx, new.subject, new.first_day, new.last_day):
        raise AbsenceOverlaps
    if new.substitute is not None:
        _check_substitute(tx, member, new, editor.today)
    staff.add_absence(tx, new)
    details = {"first_day": str(new.first_day), "last_day": str(new.last_day), "substitute": new.substitute}
    log(tx, editor, new.subject, StaffAction.ABSENCE_ADDED, details | {"hand_over": new.hand_over})
    due = new.hand_over and new.first_day <= editor.today
    outcomes = hand_over.hand_over(tx, new, editor.now) if due else ()
    return AbsenceChange(staff.find_absence(tx, new.absence_id) or new, outcomes)


def end_absence(tx: Connection, editor: Editor, subject: str, absence_id: UUID) -> AbsenceChange:
    """End an absence: one that has begun ends yesterday, one that begins today or later is deleted.

    What was handed over comes back at once. Raises `NoSuchMember`, `RoleNotAllowed`, `OtherOffice`, `NoSuchAbsence`
    or `AbsenceOver`.
    """
    member = read(tx, editor.viewer, subject, for_update=True)
    _check_editor(editor, member)
    absence = staff.find_absence(tx, absence_id)
    if absence is None or absence.subject != subject:
        raise NoSuchAbsence
    if absence.last_day < editor.today:
        raise AbsenceOver
    handed = absence.handed_over_on or staff.handed_over(tx, absence_id)
    outcomes = hand_over.take_back(tx, absence, editor.now) if handed else ()
    if absence.first_day < editor.today:
        staff.change_absence(tx, absence_id, last_day=editor.today - DAY)
    else:
        staff.delete_absence(tx, absence_id)
    log(tx, editor, subject, StaffAction.ABSENCE_ENDED, {"first_day": str(absence.first_day)})
    return AbsenceChange(replace(absence, last_day=editor.today - DAY), outcomes)


def _away_between(tx: Connection, subject: str, first: date, last: date) -> bool:
    absences = staff.absences_of(tx, [subject]).get(subject, [])
    return any(absence.first_day <= last and first <= absence.last_day for absence in absences)


def _check_substitute(tx: Connection, member: Staff, absence: Absence, today: date) -> None:
    """Raises `SubstituteNotAvailable` unless they work in the office of the member on all of these days to come."""
    named = absence.substitute or ""
    substitute = staff.find(tx, named)
    first = max(absence.first_day, today)
    if (
        substitute is None
        or named == member.subject
        or substitute.konfliktrad != member.konfliktrad
        or not OF_THE_OFFICE & set(substitute.roles)
        or not (substitute.in_service(first) and substitute.in_service(absence.last_day))
        or _away_between(tx, named, first, absence.last_day)
    ):
        raise SubstituteNotAvailable(named)
