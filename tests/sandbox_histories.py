"""The worked histories as the package carries them for the exercises of a sandbox.

`python -m tests.sandbox_histories` writes the file anew from `tests/data/cases`.
"""

import json
from pathlib import Path
from typing import Any

from tests.stories import histories
from tests.workflow.test_migration import worked
from ungdom.sandbox import exercises
from ungdom.workflow.events import plain_details
from ungdom.workflow.table import VERSION

FILE = Path(exercises.__file__).parent / exercises.FILE


def carried() -> list[dict[str, Any]]:
    """Every history, with the details that a real event needs."""
    written = []
    for name in histories.NAMES:
        youth, events = worked(name, VERSION)
        steps = [
            {
                "type": event.type,
                "occurred_on": event.occurred_on.isoformat(),
                "recorded_at": event.recorded_at.isoformat(),
                "actor": event.actor,
                "role": event.role,
                "subject": event.subject,
                "details": plain_details(event.type, event.details),
            }
            for event in events
        ]
        written.append({"name": name, "born": youth.born.isoformat(), "guardians": youth.guardians, "steps": steps})
    return written


if __name__ == "__main__":
    FILE.write_text(json.dumps(carried(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
