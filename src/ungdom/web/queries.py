"""Queries of pages: forms sent by GET, in which a field that is left empty asks for nothing."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from pydantic import model_validator

from ungdom.api.http.inputs import Input


class PageForm(Input):
    """What the form of a page asks for."""

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, given: Any) -> Any:
        return {name: value for name, value in given.items() if value != ""} if isinstance(given, dict) else given


def address_of(path: str, given: Mapping[str, Any], changes: Mapping[str, Any]) -> str:
    """The address with these changes; a change to None leaves a field out. The first page, unless a cursor is named."""
    wanted = {name: value for name, value in {**given, "cursor": None, **changes}.items() if value is not None}
    return f"{path}?{urlencode(wanted)}"
