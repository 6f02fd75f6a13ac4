"""The coordination group of each konfliktråd: the standing contacts of its members, by agency.

E-mail address and language of a contact are in `store.contacts`, encrypted, under the subject of the contact. A contact
that does not sign in has a key in place of a subject; no token is accepted with a subject that begins like it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import Connection, delete, select

from ungdom.store import bulk, chain_changes
from ungdom.store.schema.coordination_groups import coordination_contact
from ungdom.store.schema.notices import contact
from ungdom.store.schema.staff import staff
from ungdom.texts import Language
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules.alert_permissions import CONTACT_SUBJECT

_NAMESPACE = UUID("8a5e0c52-6f0b-4d0e-9c39-5b1f2c7d3e84")
C = coordination_contact.c


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingContact:
    """One standing contact of an agency. `subject`: the sign-in, or the key of a contact that does not sign in."""

    konfliktrad: str
    agency: Attendee
    subject: str
    name: str
    written_by: str
    updated_at: datetime
    language: Language = "nb"
    has_address: bool = False

    @property
    def signs_in(self) -> bool:
        """Whether the contact has an inbox in the product."""
        return not self.subject.startswith(CONTACT_SUBJECT)

    @property
    def reachable(self) -> bool:
        """Whether a notice reaches the contact: by an inbox, or by e-mail."""
        return self.signs_in or self.has_address


def contact_key(konfliktrad: str, agency: Attendee, name: str) -> str:
    """The key of a contact that does not sign in: the same for the same office, agency and name."""
    return f"{CONTACT_SUBJECT}{uuid5(_NAMESPACE, f'{konfliktrad}/{agency}/{name}')}"


def contacts_of(tx: Connection, offices: Iterable[str] | None = None) -> dict[str, list[StandingContact]]:
    """The standing contacts by konfliktråd, by agency and name. `offices`: only these; None: all."""
    query = select(coordination_contact, contact.c.language, contact.c.sealed.is_not(None).label("has_address"))
    query = query.outerjoin(contact, (contact.c.subject == C.subject) & contact.c.email_digest)
    if offices is not None:
        query = query.where(C.konfliktrad.in_(list(offices)))
    groups: dict[str, list[StandingContact]] = {}
    for row in tx.execute(query.order_by(C.konfliktrad, C.agency, C.name, C.subject)).mappings():
        columns = dict(row) | {"language": row["language"] or "nb", "has_address": bool(row["has_address"])}
        groups.setdefault(row["konfliktrad"], []).append(StandingContact(**columns))
    return groups


def agencies_of(tx: Connection, konfliktrad: str, subject: str) -> list[Attendee]:
    """The agencies for which this subject is a standing contact of that konfliktråd."""
    return list(tx.scalars(select(C.agency).where(C.konfliktrad == konfliktrad, C.subject == subject)))


def offices_of(tx: Connection, subject: str) -> set[str]:
    """The konfliktråd whose standing contact this subject is."""
    return set(tx.scalars(select(C.konfliktrad).where(C.subject == subject)))


def replace(tx: Connection, konfliktrad: str, contacts: Sequence[StandingContact]) -> None:
    """Write the group of a konfliktråd whole: contacts that are not among these are removed, with their address.

    The address of a contact that signs in stays: it is that person's.
    """
    keys = {standing.subject for standing in contacts}
    former = list(tx.scalars(select(C.subject).where(C.konfliktrad == konfliktrad)))
    ours = [key for key in former if key.startswith(CONTACT_SUBJECT) and key not in keys]
    tx.execute(delete(coordination_contact).where(C.konfliktrad == konfliktrad))
    removed = tx.scalars(delete(contact).where(contact.c.subject.in_(ours)).returning(contact.c.subject)).all()
    chain_changes.record(tx, contact, *({"subject": subject} for subject in removed))
    stored = ("konfliktrad", "agency", "subject", "name", "written_by", "updated_at")
    bulk.add(tx, coordination_contact, [{name: asdict(standing)[name] for name in stored} for standing in contacts])
    chain_changes.record_group(tx, coordination_contact, konfliktrad)


def staff_among(tx: Connection, subjects: Iterable[str]) -> list[str]:
    """Those of these subjects who are on the staff list of a konfliktråd, now or before."""
    return sorted(tx.scalars(select(staff.c.subject).where(staff.c.subject.in_(list(subjects)))))
