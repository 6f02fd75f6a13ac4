"""The last look at a log line: what looks like an identity number or a secret is replaced.

The first line of defence is that no event has a field for such a value. This is the second: for texts of libraries, and
for what nobody foresaw.
"""

import re
from collections.abc import Mapping

_SHAPES: tuple[tuple[str, str], ...] = (
    (r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*){0,3}", "[token]"),
    (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}", r"\1 [token]"),
    (r"\bwhsec_[A-Za-z0-9+/=_-]+", "[secret]"),
    (r"(?i)\b([a-z][a-z0-9+.-]*://[^\s:/@?#]*):[^\s/@]*@", r"\1:[secret]@"),
    (r"((?:/v1/(?:calendar|surveys)|/survey)/)[^\s/?#\"'{]+", r"\1[secret]"),
    (r"(?i)\b((?:password|passwd|pwd|secret|token|api[_-]?key)\"?\s*[=:]\s*)[\"']?[^\s\"'&,;]+", r"\1[secret]"),
    (r"(/[^\s?\"'<>]*)\?[^\s\"'<>]+", r"\1?[query]"),
    (r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{43}=?(?![A-Za-z0-9+/=_-])", "[secret]"),
    (r"(?<![A-Za-z0-9._-])[0-9]{6}[ -]?[0-9]{5}(?![A-Za-z0-9_-])", "[number]"),
    (r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", "[address]"),
)
"""Shape and replacement: signed tokens, credentials of HTTP, signing secrets of webhooks, passwords in addresses,
secrets in paths of calendars and surveys, passwords by name, query strings, 32 random bytes in base64, identity numbers
(eleven digits), e-mail addresses."""

_RULES = tuple((re.compile(shape), replacement) for shape, replacement in _SHAPES)
_MAY_MATCH = re.compile(
    r"[0-9]{5}|[@?]|://|eyJ|whsec_|(?:/v1/(?:calendar|surveys)|/survey)/[^{]|[A-Za-z0-9+/_-]{43}"
    r"|(?i:bearer|basic|password|passwd|pwd|secret|token|api[_-]?key)"
)
"""What every one of the shapes has in it; a text without any of it needs no further look."""


def masked(text: str) -> str:
    """The text without anything that looks like an identity number or a secret, on one line."""
    if not text.isprintable():
        text = "".join(part if part.isprintable() else f"\\x{ord(part):02x}" for part in text)
    if _MAY_MATCH.search(text):
        for shape, replacement in _RULES:
            text = shape.sub(replacement, text)
    return text


def masked_value(value: object) -> object:
    """The value of a field, with every text in it masked. Numbers and truth values stay; anything else becomes text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {masked(str(name)): masked_value(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked_value(part) for part in value]
    return masked(str(value))
