"""The keys by which messages are locked and wait: of a case, a number, a person, a decision or a day.

A message is locked under the identity number itself, which is never stored. It waits under the digest of the number.
"""

from collections.abc import Iterable, Sequence

from ungdom.intake.models import ProcessingResult, Sender
from ungdom.message import DecisionMessage, Person
from ungdom.message.names import name_key
from ungdom.message.national_id import normalise
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.inbox import SETTLED, InboundMessage
from ungdom.workflow.guards.core import UnmetCondition


def wait_key(kind: str, name: object) -> str:
    """One key. `kind`: case, number, person, decision or day; `name`: which one."""
    return f"{kind}:{name}"


# --- locks --------------------------------------------------------------------------------------------------


def lock_keys(sender: Sender, message: DecisionMessage) -> list[str]:
    """What is locked before a message is processed: its decision, the numbers of its case, its person."""
    number = message.person.national_id if message.person else None
    decision = wait_key("decision", f"{sender.source}/{message.decision_id}")
    opens = message.person if message.opening is not None else None
    found_by = lock_keys_of_person(opens) if opens else ()
    return [decision, *lock_keys_for_case(message.police_case_numbers, number), *found_by]


def lock_keys_of_person(person: Person) -> list[str]:
    """What is locked besides before a case is opened on this person: by what two openings would find each other."""
    name = name_key(person.given_name, person.family_name)
    return [wait_key("born", person.born), *([wait_key("name", name)] if name else [])]


def lock_keys_for_case(police_case_numbers: Sequence[str], national_id: str | None) -> list[str]:
    """What is locked before a message is processed or a case opened on these: police case numbers, identity number."""
    person = [wait_key("person", normalise(national_id))] if national_id else []
    return [*(wait_key("number", number) for number in police_case_numbers), *person]


# --- waits --------------------------------------------------------------------------------------------------


def case_wait_keys(message: DecisionMessage, keys: EncryptionKeys) -> tuple[str, ...]:
    """What would make the case known: a case on one of the numbers, or one of this person."""
    numbers = [wait_key("number", number) for number in message.police_case_numbers]
    national_id = message.person.national_id if message.person else None
    return (*numbers, *([wait_key("person", keys.digest(normalise(national_id)).hex())] if national_id else []))


def person_wait_keys(keys: EncryptionKeys, national_id: str | None) -> list[str]:
    """By what a message may wait for this person: one key per encryption key."""
    return [wait_key("person", digest.hex()) for digest in keys.digests(normalise(national_id))] if national_id else []


def day_wait_keys(unmet: Iterable[UnmetCondition]) -> tuple[str, ...]:
    """The days on which these conditions can be met, in order."""
    return tuple(sorted({wait_key("day", condition.earliest) for condition in unmet if condition.earliest is not None}))


def is_unguarded(key: str, arrival: InboundMessage, result: ProcessingResult) -> bool:
    """Whether others could change what the message waits for during the try: no lock was held on it."""
    kind = key.partition(":")[0]
    return result.stored is None and kind in ("case", "decision") and key != own_decision_key(arrival)


def unblocked_keys(
    arrival: InboundMessage, message: DecisionMessage, result: ProcessingResult, keys: EncryptionKeys
) -> list[str]:
    """What other messages may have waited for. A version that does not count still fills a gap.

    A parked message with events has opened its case, which others may have waited for.
    """
    if result.outcome not in SETTLED and not result.events:
        return [own_decision_key(arrival)]
    case = [wait_key("case", result.stored.case_id)] if result.stored and result.events else []
    person_keys = person_wait_keys(keys, message.person.national_id if message.person else None)
    numbers = [wait_key("number", number) for number in message.police_case_numbers]
    return [own_decision_key(arrival), wait_key("decision", arrival.decision_id), *case, *numbers, *person_keys]


def own_decision_key(arrival: InboundMessage) -> str:
    """The key of the decision of this message, in all its versions."""
    return wait_key("decision", f"{arrival.source}/{arrival.decision_id}")
