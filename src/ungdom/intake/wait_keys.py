"""What a parked message waits for, and what a processed message lets others go on with."""

from ungdom.intake import matching
from ungdom.intake.models import ProcessingResult, wait_key
from ungdom.message import DecisionMessage
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.inbox import SETTLED, InboundMessage


def is_unguarded(key: str, arrival: InboundMessage, result: ProcessingResult) -> bool:
    """Whether anybody could change this while it was looked at: a case that was not held, a decision of others."""
    kind = key.partition(":")[0]
    return result.stored is None and kind in ("case", "decision") and key != own_decision_key(arrival)


def unblocked_keys(
    arrival: InboundMessage, message: DecisionMessage, result: ProcessingResult, keys: EncryptionKeys
) -> list[str]:
    """What others may have waited for. A version that does not count fills a gap all the same."""
    if result.outcome not in SETTLED:
        return [own_decision_key(arrival)]
    case = [wait_key("case", result.stored.case_id)] if result.stored and result.events else []
    person_keys = matching.person_wait_keys(keys, message.person.national_id if message.person else None)
    numbers = [wait_key("number", number) for number in message.police_case_numbers]
    return [own_decision_key(arrival), wait_key("decision", arrival.decision_id), *case, *numbers, *person_keys]


def own_decision_key(arrival: InboundMessage) -> str:
    return wait_key("decision", f"{arrival.source}/{arrival.decision_id}")
