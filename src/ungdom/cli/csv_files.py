"""CSV files of the command line: UTF-8, comma or semicolon, and cells of a bounded length."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager

from ungdom.settings import BadSettings

LONGEST_CELL = 131_072
"""The number of characters that a cell may have."""


def decoded(raw: bytes, file: str = "the file") -> str:
    """The text of a CSV file without its byte order mark. Raises `BadSettings` if it is not UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadSettings(f"{file} is not UTF-8: save it as CSV UTF-8") from None


def separator(header: str) -> str:
    """The character between the cells of this header: the more frequent of semicolon and comma."""
    return ";" if header.count(";") > header.count(",") else ","


@contextmanager
def bounded_cells() -> Iterator[None]:
    """The module `csv` raises `csv.Error` for longer cells in here.

    Its limit belongs to the whole process, and libraries change it: the limit that was there is restored at the end.
    """
    earlier = csv.field_size_limit(LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(earlier)
