"""The errors of the list of staff. They carry data and know nothing of HTTP."""

from dataclasses import dataclass


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
    └── SubstituteNotAvailable   the substitute does not work there on all of these days
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
