"""The content of the rows of the access log, from values in canonical form: the bytes that `access_log` has linked.

Both are read as they are stored: a value that the service never wrote gives other bytes, and no error.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import Uuid

from ungdom.store.schema.access import access_log
from ungdom.store.schema.base import EnumSet, UtcDateTime

ACCESS_CONTENT = tuple(
    column.name for column in access_log.columns if column.name not in ("stream", "position", "link")
)
"""The columns that the link of an access covers, in the order of the table."""
_NONE = "-"


def access_content(values: Sequence[Any]) -> bytes:
    """The bytes of these columns."""
    written = zip(_FORMS, values, strict=True)
    return "\x1f".join([_NONE if value is None else form(str(value)) for form, value in written]).encode(
        errors="backslashreplace"
    )


def entries_hash(entries: Iterable[Sequence[Any]]) -> str:
    """The hash of the entries of one access in hexadecimal, as in its column `shown`: case, person and message each."""
    lines = (",".join([_NONE if value is None else _digits(str(value)) for value in entry]) for entry in entries)
    return sha256("\n".join(lines).encode(errors="backslashreplace")).hexdigest()


def _digits(value: str) -> str:
    return value.replace("-", "")


def _instant(value: str) -> str:
    return value.replace(" ", "T") + "+00:00"


def _words(value: str) -> str:
    return value.strip("|").replace("|", " ")


def _form(kind: Any) -> Callable[[str], str]:
    forms = ((Uuid, _digits), (UtcDateTime, _instant), (EnumSet, _words))
    return next((form for of, form in forms if isinstance(kind, of)), str)


_FORMS = tuple(_form(access_log.c[name].type) for name in ACCESS_CONTENT)
