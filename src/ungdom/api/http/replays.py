"""Whether the stored response of a repeated request may still be given to its caller.

A response is stored as it was sent. When the address of a youth in it has become protected since, or more strictly, and
the caller may not learn everything any more that they could learn then, it is withheld. frl § 10-4.
"""

from collections.abc import Callable, Mapping
from uuid import UUID

from ungdom.api.http.access import ids_in, ids_in_address
from ungdom.api.http.authorisation import sends_decisions
from ungdom.store import case_sights
from ungdom.store.case_sights import CaseSight
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import OF_THE_OFFICE, Disclosure, Viewer
from ungdom.workflow.vocabulary import Protection, strictest

UNPROTECTED = CaseSight(Protection.NONE, frozenset(Disclosure))

NOTHING_WITHHELD: tuple[Callable[..., object], ...] = (sends_decisions,)
"""Access rules of the routes whose responses are always given again: the receipt of a message is its sender's own."""


def sights_in(tx: Connection, viewer: Viewer, path: str, body: bytes) -> dict[UUID, CaseSight]:
    """What the viewer may learn now of the cases whose ids are in the path or the response."""
    named = ids_in_address(path) | ids_in(body)
    return case_sights.sights(tx, viewer, sorted(named)) if named else {}


def is_withheld(viewer: Viewer, then: Mapping[UUID, CaseSight], now: Mapping[UUID, CaseSight]) -> bool:
    """Whether a case in the response is protected and the viewer may learn less of it than when it was stored.

    Of roles outside the office only if the protection has become stricter: that a case has left them changes nothing in
    what they were answered. A response stored by an earlier version does not say what could be learnt: everything.
    """
    return any(
        sight.protection is not Protection.NONE
        and not before.disclosures <= sight.disclosures
        and (viewer.role in OF_THE_OFFICE or _is_stricter(sight.protection, before.protection))
        for sight, before in ((sight, then.get(case_id, UNPROTECTED)) for case_id, sight in now.items())
    )


def _is_stricter(now: Protection, then: Protection) -> bool:
    return now is not then and strictest(now, then) is now
