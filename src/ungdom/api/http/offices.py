"""Checks of places in queries: unknown codes and other offices are refused."""

from fastapi.exceptions import RequestValidationError

from ungdom.api.http.context import RequestContext
from ungdom.store import reference
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import OF_THE_OFFICE, OtherOffice


def check_office(tx: Connection, context: RequestContext, konfliktrad: str | None) -> None:
    """Returns where the viewer may name this konfliktråd, or none is named. Reads no case.

    Raises `RequestValidationError` for a code that does not exist, `OtherOffice` for that of another office.
    """
    if konfliktrad is None:
        return
    check_known(konfliktrad, sorted(reference.konfliktrad_codes(tx)), "query", "konfliktrad")
    own = context.principal.viewer.konfliktrad
    if own is not None and konfliktrad != own:
        raise OtherOffice(own)


def check_known(value: str | None, known: list[str], *place: str) -> None:
    """Returns where the value is known or None. Raises `RequestValidationError` with the known values."""
    if value is not None and value not in known:
        raise RequestValidationError([{"type": "enum", "loc": place, "ctx": {"allowed": known}}])


def own_office(context: RequestContext) -> str | None:
    """The konfliktråd whose figures alone, beside the country's, are for this viewer; None: all of them."""
    viewer = context.recorder.viewer
    return viewer.konfliktrad if viewer.role in OF_THE_OFFICE else None
