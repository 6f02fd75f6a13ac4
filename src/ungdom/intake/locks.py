"""What is locked while a message is looked at or a case is opened, so that two at once see each other.

The names are those of what messages wait for, but with the identity number itself: they are locked, and never kept.
"""

from collections.abc import Sequence

from ungdom.intake.models import Sender, wait_key
from ungdom.message import DecisionMessage
from ungdom.message.national_id import normalise


def lock_keys(sender: Sender, message: DecisionMessage) -> list[str]:
    """What has to be locked before the message is looked at: its decision, the numbers of its case, its person."""
    number = message.person.national_id if message.person else None
    decision = wait_key("decision", f"{sender.source}/{message.decision_id}")
    return [decision, *lock_keys_for_case(message.police_case_numbers, number)]


def lock_keys_for_case(police_case_numbers: Sequence[str], national_id: str | None) -> list[str]:
    """What has to be locked before people are compared and a case is opened on these: numbers and person."""
    person = [wait_key("person", normalise(national_id))] if national_id else []
    return [*(wait_key("number", number) for number in police_case_numbers), *person]
