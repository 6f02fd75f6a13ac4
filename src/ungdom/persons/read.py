"""Reading a person record with its history, as far as the viewer may learn of it."""

from dataclasses import dataclass

from ungdom import cases
from ungdom.persons.sight import PersonSight, sees_both_sides
from ungdom.store import people, person_history
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import KeyLost
from ungdom.store.people import StoredPerson
from ungdom.store.person_history import PersonChange
from ungdom.store.schema.persons import PersonChangeKind
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import NATIONAL, Viewer

_OF_BOTH_SIDES = frozenset({PersonChangeKind.MERGED, PersonChangeKind.SPLIT})


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person record with what the viewer may learn of its history, newest first."""

    person: StoredPerson
    sight: PersonSight
    history: tuple[PersonChange, ...]


def read(tx: Connection, keys: EncryptionKeys, viewer: Viewer, sight: PersonSight) -> PersonRecord:
    """The record that the viewer may see. Raises `NotVisible`, or `KeyLost` where the record can no longer be read."""
    record = read_rest(tx, keys, viewer, sight)
    if record.person.lost_key is not None:
        raise KeyLost(record.person.lost_key)
    return record


def read_rest(tx: Connection, keys: EncryptionKeys, viewer: Viewer, sight: PersonSight) -> PersonRecord:
    """The record that the viewer may see, without its personalia where their key is lost. Raises `NotVisible`.

    After a merge an office sees the history of the records of its own cases, and what it changed itself since: a merge
    widens nobody's sight. That persons were merged or split, and why, is left out for who does not see both sides.
    """
    person = people.read_person(tx, keys, sight.person_id)
    if person is None:
        raise cases.NotVisible
    record_ids = [record.person_id for record in people.read_records(tx, keys, sight.person_id)]
    own = {case.record_id for case in sight.cases}
    hidden = frozenset() if sees_both_sides(tx, viewer, sight) else _OF_BOTH_SIDES
    history = tuple(
        change
        for change in person_history.of_records(tx, keys, record_ids)
        if change.kind not in hidden
        and (viewer.role in NATIONAL or change.person_id in own or change.author.konfliktrad == viewer.konfliktrad)
    )
    return PersonRecord(person, sight, history)
