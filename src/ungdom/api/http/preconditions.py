"""`If-Match` as RFC 9110 § 13.1.1 defines it: `*`, or a list of entity tags, compared strongly."""

import re

from ungdom.api.http.errors import BadIfMatch
from ungdom.cases import Precondition

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_LIST = re.compile(rf"[ \t,]*{_TAG}[ \t]*(?:,[ \t]*(?:{_TAG}[ \t]*)?)*")
"""Takes time in proportion to the length of the header: no two parts of it can match the same blank."""
_EACH = re.compile(r'(W/)?"([^"]*)"')
MAX_HEADER_LENGTH = 1000
"""Characters of all lines of the header together."""
_VERSION = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


def precondition(header: str | None) -> Precondition | None:
    """The versions that the header names; None when there is no header.

    A weak tag names a version and never matches it. A tag that is no version of a case matches none.
    Raises `BadIfMatch` when the header is neither `*` nor a list of entity tags, or longer than `MAX_HEADER_LENGTH`.
    """
    if header is None:
        return None
    if len(header) > MAX_HEADER_LENGTH:
        raise BadIfMatch
    if header.strip() == "*":
        return Precondition(any_version=True)
    if not _LIST.fullmatch(header):
        raise BadIfMatch
    named = [(not weak, int(tag)) for weak, tag in _EACH.findall(header) if _VERSION.fullmatch(tag)]
    return Precondition(
        versions=frozenset(version for strong, version in named if strong),
        highest_version=max((version for _, version in named), default=0),
    )
