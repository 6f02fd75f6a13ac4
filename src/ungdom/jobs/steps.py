"""What else is done once a night, after the alerts, in this order."""

from ungdom.jobs.nightly import Step, forget_answers
from ungdom.store.sealing import Keys


def all_steps(_keys: Keys) -> tuple[Step, ...]:
    """Every step of the night. `keys` open what is sealed."""
    return (Step("idempotency", forget_answers),)
