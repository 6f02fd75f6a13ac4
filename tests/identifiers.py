"""Random identifiers in a text: a short secret, such as a municipality number, stands in one of them by chance."""

import re

_IDENTIFIER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b0x[0-9a-f]+", re.ASCII)


def without_identifiers(text: str) -> str:
    """The text without UUIDs and addresses in memory."""
    return _IDENTIFIER.sub("", text)
