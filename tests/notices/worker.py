"""The part of the worker that tells of notices, in a process that loads nothing else.

`python -m tests.notices.worker [PLACE [NOW]]`: killed at that place (`tests.killed_at`), with a clock that shows NOW.
"""

import sys
from datetime import datetime
from threading import Event

from tests.killed_at import die_at
from ungdom import clock, settings
from ungdom.notices import delivery
from ungdom.store.session import Database

if __name__ == "__main__":
    for place in sys.argv[1:2]:
        die_at(place)
    if instants := [datetime.fromisoformat(text) for text in sys.argv[2:]]:
        clock.now = lambda: instants[0]
    config = settings.from_environment()
    delivery.run_until_stopped(delivery.from_settings(config, Database.open(config.database_url)), Event(), 0.1)
