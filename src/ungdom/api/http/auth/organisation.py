"""Organisation numbers: of Enhetsregisteret, and as tokens have them (ISO 6523)."""

import re
from typing import Any

from ungdom.api.http.auth.principal import BadToken

AUTHORITY = "iso6523-actorid-upis"
_ID = re.compile(r"0192:([0-9]+)")
_NUMBER = re.compile(r"[1-9][0-9]{8}")
_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)
_MODULUS = 11


def is_organisation_number(text: str) -> bool:
    """Nine digits, the last of which is the control digit (modulus 11) of the others."""
    if not _NUMBER.fullmatch(text):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, text[:8], strict=True))
    return -total % _MODULUS == int(text[8])


def organisation_number_of(claim: Any, name: str) -> str:
    """The number in `{"authority": "iso6523-actorid-upis", "ID": "0192:<nine digits>"}`. Raises `BadToken`."""
    if not isinstance(claim, dict) or claim.get("authority") != AUTHORITY or not isinstance(claim.get("ID"), str):
        raise BadToken(f"{name} is malformed")
    match = _ID.fullmatch(claim["ID"])
    if not match or not is_organisation_number(match[1]):
        raise BadToken(f"{name} names no organisation")
    return match[1]
