"""The errors of the list of staff. They carry data and know nothing of HTTP."""

from dataclasses import dataclass
from datetime import datetime


class StaffError(Exception):
    """Something cannot be done with the list of staff.

    StaffError
    ├── NoSuchMember             there is no entry with this subject, or the viewer may not see it
    ├── MemberExists             there is an entry with this subject
    ├── MemberOutdated           the entry has changed since
    ├── NoSuchAbsence            there is no absence with this id
    ├── AbsenceOverlaps          the member is away on some of these days already
    ├── AbsenceOver              the absence has ended
    ├── ContactIsTheirOwn        the member has written their own contact
    ├── SubstituteNotAvailable   the substitute does not work there on all of these days
    ├── EmergencyNotNeeded       the viewer sees the case already
    ├── EmergencyIsOpen          the viewer has an open emergency access to the case
    ├── EmergencyReviewed        the emergency access has been reviewed
    └── OwnEmergencyAccess       nobody reviews an emergency access that they took
    """


class NoSuchMember(StaffError):
    """There is no entry with this subject, or the viewer may not see it."""


@dataclass
class MemberExists(StaffError):
    """There is an entry with this subject already."""

    subject: str


@dataclass
class MemberOutdated(StaffError):
    """The entry has changed; `version` is the present one."""

    version: int


class NoSuchAbsence(StaffError):
    """There is no absence with this id of this member."""


class AbsenceOverlaps(StaffError):
    """The member is away on some of these days already."""


class AbsenceOver(StaffError):
    """The last day of the absence has passed."""


class ContactIsTheirOwn(StaffError):
    """The person has written their own contact."""


@dataclass
class SubstituteNotAvailable(StaffError):
    """The substitute does not coordinate or lead at this office, or is away, on some of these days."""

    substitute: str


class EmergencyNotNeeded(StaffError):
    """The viewer sees the case already."""


@dataclass
class EmergencyIsOpen(StaffError):
    """The viewer has an open emergency access to the case, until that instant."""

    until: datetime


class EmergencyReviewed(StaffError):
    """The emergency access has been reviewed already."""


class OwnEmergencyAccess(StaffError):
    """Nobody reviews an emergency access that they took."""
