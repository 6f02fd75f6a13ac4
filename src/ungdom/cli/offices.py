"""Validation of an option that names a konfliktråd."""

from ungdom.settings import BadSettings
from ungdom.store import reference
from ungdom.store.schema import core as tables


def known(code: str | None) -> str | None:
    """The code, as a callback of an option. Raises `BadSettings`, with the valid codes, for an unknown one."""
    codes = [str(row["code"]) for row in reference.read(tables.konfliktrad)]
    if code is None or code in codes:
        return code
    raise BadSettings(f"there is no konfliktråd {code!r}; the codes are {', '.join(codes)}")
