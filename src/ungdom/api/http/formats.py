"""The format of a response: from `format=`, otherwise `Accept` (RFC 9110 § 12.5.1), otherwise JSON.

JSON-stat has no media type of its own: clients name `application/json` with the profile of its standard, or
`format=json-stat`.
"""

import re
from collections.abc import Iterator
from enum import StrEnum

from starlette.exceptions import HTTPException

PROFILE = "https://json-stat.org"
_PARAMETER = re.compile(r'\s*([a-z]+)\s*=\s*(?:"([^"]*)"|([^\s";,]*))\s*', re.ASCII | re.IGNORECASE)
_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?", re.ASCII)
_RANGE = re.compile(r'(?:[^,"]|"[^"]*")+')


class TableFormat(StrEnum):
    """The forms in which a table is answered."""

    JSON = "json"
    JSON_STAT = "json-stat"
    CSV = "csv"

    @property
    def media_type(self) -> str:
        """As it is named in Content-Type."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    TableFormat.JSON: "application/json",
    TableFormat.JSON_STAT: f'application/json; profile="{PROFILE}"',
    TableFormat.CSV: "text/csv; charset=utf-8; header=present",
}
_KINDS = {
    ("application/json", False): TableFormat.JSON,
    ("application/json", True): TableFormat.JSON_STAT,
    ("text/csv", False): TableFormat.CSV,
    ("application/*", False): TableFormat.JSON,
    ("text/*", False): TableFormat.CSV,
    ("*/*", False): TableFormat.JSON,
}
AVAILABLE = ", ".join(_MEDIA_TYPES.values())
"""What a refusal names."""


def preferred_format(accept: str | None, explicit: TableFormat | None = None) -> TableFormat:
    """The form that is wanted most. Raises `HTTPException` 406 when it is none of ours."""
    if explicit:
        return explicit
    if not (accept or "").strip():
        return TableFormat.JSON
    accepted = sorted(
        _accepted_formats(accept or ""), key=lambda choice: -choice[1]
    )  # stable: of equals the first that is named
    if not accepted or not accepted[0][1]:
        raise HTTPException(406, AVAILABLE)
    return accepted[0][0]


def _accepted_formats(accept: str) -> Iterator[tuple[TableFormat, float]]:
    """Each of ours that is named, with how much it is wanted."""
    for part in _RANGE.findall(accept):
        kind, *rest = part.split(";")
        parameters = {m[1].lower(): m[2] or m[3] for parameter in rest if (m := _PARAMETER.fullmatch(parameter))}
        profile = parameters.get("profile", "").rstrip("/").startswith(PROFILE)
        form = _KINDS.get((kind.strip().lower(), profile))
        if form:
            quality = parameters.get("q", "1")
            yield form, float(quality) if _QUALITY.fullmatch(quality) else 0.0
