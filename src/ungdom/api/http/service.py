"""Whether the caller is in service: asked of the database, and remembered for a short time when the answer is yes."""

import time
from datetime import date

from ungdom.store import staff
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import Viewer

REMEMBERED_SECONDS = 30
"""Seconds for which this process trusts that somebody is in service. A change through this process counts at once."""
MOST_REMEMBERED = 10_000


class ServiceCheck:
    """The check of one process, shared by its requests."""

    def __init__(self) -> None:
        self._until: dict[tuple[Viewer, date], float] = {}

    def require(self, tx: Connection, viewer: Viewer, day: date) -> None:
        """Returns where the viewer is in service that day, or has a role without service. Raises `NotInService`."""
        now = time.monotonic()
        if self._until.get((viewer, day), 0) > now:
            return
        staff.require_service(tx, viewer, day)
        if len(self._until) >= MOST_REMEMBERED:
            self.forget()
        self._until[viewer, day] = now + REMEMBERED_SECONDS

    def forget(self) -> None:
        """Ask the database again for everybody: the list of staff has changed."""
        self._until.clear()
