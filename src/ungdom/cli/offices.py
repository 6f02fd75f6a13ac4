"""Validation of an option that names a konfliktråd."""

from ungdom.settings import BadSettings
from ungdom.store import reference
from ungdom.store.schema.reference import konfliktrad


def known(code: str | None) -> str | None:
    """This code, as a callback of an option. Raises `BadSettings` with the valid codes if it is none of them."""
    codes = [str(row["code"]) for row in reference.read(konfliktrad)]
    if code is None or code in codes:
        return code
    raise BadSettings(f"there is no konfliktråd {code!r}; the codes are {', '.join(codes)}")
