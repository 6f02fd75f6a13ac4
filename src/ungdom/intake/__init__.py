"""Decisions of prosecution systems and courts: each one is processed once, in whatever order they come.

A message is known by source, decision id and version. The same version again gets the same receipt, byte for byte; a
higher version corrects a lower one; a lower version is acknowledged. A message that cannot be applied yet is parked
with its reason and what it waits for, and is retried when that changes, when its day comes, or by hand.

Each function takes an open transaction and commits nothing. A message that has to be deferred is retried after the
commit (`retry.retry_after_commit`).
"""

from ungdom.intake.models import Choice, IntakeContext, IntakeResult, Outcome, Reason, Sender
from ungdom.intake.receive import receive, same_content
from ungdom.intake.retry import dismiss, retry_by_hand, retry_one, retry_parked, retry_parked_for_case
from ungdom.intake.wait_keys import lock_keys

# fmt: off
__all__ = [
    "Choice", "IntakeContext", "IntakeResult", "Outcome", "Reason", "Sender", "dismiss", "lock_keys", "receive",
    "retry_by_hand", "retry_one", "retry_parked", "retry_parked_for_case", "same_content",
]
# fmt: on
