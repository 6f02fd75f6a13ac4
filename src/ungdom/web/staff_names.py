"""What members of staff are called, for viewers who may read the list of staff; kept for a short time."""

import time
from collections.abc import Mapping

from ungdom.staff.administration import office_of
from ungdom.store import staff
from ungdom.store.errors import StoreError
from ungdom.store.session import Database
from ungdom.workflow.rules.permissions import Viewer, may_read_staff

KEPT_SECONDS = 60


class StaffNames:
    """The names by subject, of one process. Office roles learn those of their own konfliktråd."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: dict[str | None, tuple[float, Mapping[str, str]]] = {}

    def of(self, viewer: Viewer) -> Mapping[str, str]:
        """The names that this viewer may learn; empty for roles that do not read the list of staff.

        Where the database does not answer, those known from before, or none: a page about that is drawn as well.
        """
        if not may_read_staff(viewer.role):
            return {}
        office, now = office_of(viewer), time.monotonic()
        until, names = self._kept.get(office, (0.0, {}))
        if until <= now:
            try:
                with self._db.reading() as tx:
                    names = staff.names(tx, office)
            except StoreError:
                return names
            self._kept[office] = (now + KEPT_SECONDS, names)
        return names
