"""What is locked while a message is looked at or a case is opened, so that two at once see each other.

The names are those of what messages wait for, but with the identity number itself: they are locked, and never kept.
"""

from collections.abc import Sequence

from ungdom.intake.words import Sender, thing
from ungdom.message import Message
from ungdom.message.national_id import normal


def names_of(sender: Sender, message: Message) -> list[str]:
    """What has to be locked before the message is looked at: its decision, the numbers of its case, its person."""
    number = message.person.national_id if message.person else None
    decision = thing("decision", f"{sender.source}/{message.decision_id}")
    return [decision, *names_of_new(message.police_case_numbers, number)]


def names_of_new(police_case_numbers: Sequence[str], national_id: str | None) -> list[str]:
    """What has to be locked before people are compared and a case is opened on these: numbers and person."""
    person = [thing("person", normal(national_id))] if national_id else []
    return [*(thing("number", number) for number in police_case_numbers), *person]
