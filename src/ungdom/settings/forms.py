"""The forms of values: lists, numbers, files, networks and secrets, and what is shown of a setting."""

import re
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

DEVELOPMENT, PRODUCTION = "development", "production"
LOG_FORMATS = ("json", "text")
LOG_LEVELS = ("debug", "info", "warning", "error")

NOT_SET = "is not set"


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """What errors and the page on settings show of a setting, besides its meaning and example.

    `shape`: the form of a value. `default`: a description, if the default of the field is not sufficient.
    `made_by`: the command that generates a value. `secret`: may be in a file that `…_FILE` names, and is never
    shown.
    """

    shape: str
    default: str | None = None
    made_by: str | None = None
    secret: bool = False


class SecretText(str):
    """A text that is never shown: `str`, `repr` and `format` return asterisks, like `pydantic.SecretStr`.

    As a `str`, it can be passed wherever the value is needed.
    """

    __slots__ = ()

    def __str__(self) -> str:
        return "**********" if len(self) else ""

    def __repr__(self) -> str:
        return repr(str(self))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def split_list(value: object) -> object:
    """A list from a text separated by commas; anything else is returned unchanged for the type to validate."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def digits(value: object) -> object:
    """The text of a whole number from 1 to 12 digits, unchanged. Raises `ValueError` for another text."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,12}", value):
        raise ValueError(f"{value!r} is not a whole number above 0 with at most 12 digits")
    return value


def existing(path: Path) -> Path:
    """This path, if it is a file. Raises `ValueError`."""
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return path


def environment_name(value: str) -> str:
    """The name of a kind of installation. Raises `ValueError`, also for a misspelt name of a known kind."""
    for known in (DEVELOPMENT, PRODUCTION):
        if value != known and value.lower().startswith(known[:3]):
            raise ValueError(f"{value!r} is not a name that is known: perhaps {known}")
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", value):
        raise ValueError(f"{value!r} is not a name")
    return value


def network(value: str) -> str:
    """This network in CIDR notation. Raises `ValueError`."""
    try:
        ip_network(value)
    except ValueError as error:
        raise ValueError(str(error)) from None
    return value


def log_format_name(value: str | None) -> str | None:
    """The name of a form of log lines. Raises `ValueError`."""
    return _either(value, LOG_FORMATS)


def log_level_name(value: str | None) -> str | None:
    """The name of a level of log lines. Raises `ValueError`."""
    return _either(value, LOG_LEVELS)


def _either(value: str | None, known: tuple[str, ...]) -> str | None:
    if value is not None and value not in known:
        raise ValueError(f"{value!r} is none of {', '.join(known)}")
    return value


def key_id(value: str) -> str:
    """This short id of a key, as `ungdom keys status` shows it. Raises `ValueError`."""
    if not re.fullmatch(r"[0-9a-f]{8}", value):
        raise ValueError(f"{value!r} is not the short id of a key: eight characters of 0-9 and a-f")
    return value


Secret = Annotated[str, AfterValidator(SecretText)]
Number = Annotated[int, BeforeValidator(digits), Field(ge=1)]
Port = Annotated[int, BeforeValidator(digits), Field(ge=1, le=65_535)]
ExistingFile = Annotated[Path, AfterValidator(existing)]
