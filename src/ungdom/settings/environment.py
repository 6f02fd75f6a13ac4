"""Settings from the environment: values, or files that contain secrets. All errors are reported together."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from ungdom.settings import references
from ungdom.settings.errors import BadSettings
from ungdom.settings.files import read_or_create_secret
from ungdom.settings.forms import DEVELOPMENT
from ungdom.settings.keys import new_development_key
from ungdom.settings.model import DATA_DIR, Settings, setting_info

PREFIX = "UNGDOM_"
TEST_PREFIX = "UNGDOM_TEST_"
"""Prefix of variables of the project's own tests, which the service ignores."""

FILE = "_FILE"
NEEDS_ENV = (
    "is not set: set it to `development` or `production`, or to another name, such as `staging`"
    " (only `ungdom demo`, `ungdom token` and commands with --demo start without it)"
)
DEVELOPMENT_KEYS = ("people_keys", "cursor_key", "extract_keys")
"""The keys that a development installation generates for itself."""


class _Environment(Settings, BaseSettings):
    """The settings with the names of their variables, for pydantic-settings."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, enable_decoding=False, protected_namespaces=())


def read(environ: Mapping[str, str]) -> Settings:
    """The settings in these variables. Raises `BadSettings` that names all that are missing, wrong or unknown.

    An empty variable counts as missing.
    """
    ours = {name: value.strip() for name, value in environ.items() if name.startswith(PREFIX)}
    given = {name: value for name, value in ours.items() if value and not name.startswith(TEST_PREFIX)}
    problems = dict(_unknown(given))
    source = EnvSettingsSource(_Environment)
    source.env_vars = {name.lower(): value for name, value in given.items()}
    values = _resolved(source() | dict(_from_files(given, problems)), problems)
    missing = [f for f in DEVELOPMENT_KEYS if f not in values and PREFIX + f.upper() not in problems]
    if "env" not in values:  # what else is required depends on it; what is given is judged all the same
        problems["UNGDOM_ENV"] = NEEDS_ENV
        values |= {"env": DEVELOPMENT, **_placeholder_keys(missing)}
    elif values["env"] == DEVELOPMENT:
        values |= _development_keys(Path(values.get("data_dir", DATA_DIR)), missing, problems)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise _bad(dict(_problems(error)) | problems) from None
    if problems:
        raise _bad(problems)
    return settings


def names() -> dict[str, str]:
    """The field of every variable, including the variables that name the file of a secret."""
    known = {PREFIX + field.upper(): field for field in Settings.model_fields}
    return known | {name + FILE: field for name, field in known.items() if setting_info(field).secret}


def _unknown(given: Iterable[str]) -> Iterator[tuple[str, str]]:
    known = [name.removeprefix(PREFIX) for name in names()]
    for name in sorted(set(given) - names().keys()):
        near = get_close_matches(name.removeprefix(PREFIX), known, 1)
        yield name, "is not a setting" + (f"; perhaps {PREFIX}{near[0]} is meant" if near else "")


def _from_files(given: Mapping[str, str], problems: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Field and text of each secret that is in a file. Errors are added to `problems`, by variable."""
    for variable, field in names().items():
        path = given.get(variable + FILE)
        if path is None or not setting_info(field).secret:
            continue
        if variable in given:
            problems[variable] = f"is set, and so is {variable + FILE}: keep one of the two"
            continue
        try:
            yield field, references.read_file(Path(path))
        except ValueError as error:
            problems[variable] = f"cannot be read from the file that {variable + FILE} names: {error}"


def _resolved(values: Mapping[str, Any], problems: dict[str, str]) -> dict[str, Any]:
    """The values, with each secret that is given by reference in its place. Errors are added to `problems`."""
    resolved = dict(values)
    for field, value in values.items():
        if not (setting_info(field).secret and isinstance(value, str)):
            continue
        find = references.resolve_list if field in DEVELOPMENT_KEYS else references.resolve
        try:
            resolved[field] = find(value)
        except ValueError as error:
            problems[PREFIX + field.upper()] = f"cannot be read from where it says: {error}"
            del resolved[field]
    return resolved


def _development_keys(folder: Path, missing: Iterable[str], problems: dict[str, str]) -> dict[str, str]:
    """The keys that are not set, from the data folder; generated at first use. Errors are added to `problems`."""
    try:
        return {field: read_or_create_secret(folder / f"{PREFIX.lower()}{field}.key") for field in missing}
    except (OSError, BadSettings) as error:
        reason = str(error).removeprefix("UNGDOM_DATA_DIR: ") if isinstance(error, BadSettings) else error.strerror
        problems["UNGDOM_DATA_DIR"] = f"cannot hold the keys of a development installation: {reason}"
        return _placeholder_keys(missing)


def _placeholder_keys(missing: Iterable[str]) -> dict[str, str]:
    """Keys for settings that are refused for another reason, so that no errors about missing keys are reported."""
    return {field: new_development_key() for field in missing}


# --- messages -----------------------------------------------------------------------------------------------


def _problems(error: ValidationError) -> Iterator[tuple[str, str]]:
    """The variable and its error, one line per setting. Values of secrets are not shown."""
    for problem in error.errors(include_url=False):
        field = str(problem["loc"][0])
        info, cause = setting_info(field), problem.get("ctx", {}).get("error")
        shown = "" if info.secret else f"{problem['input']!r} "
        text = str(cause) if isinstance(cause, ValueError) else f"{shown}is wrong"
        hint = f"; `{info.made_by}` makes one" if info.made_by else ""
        yield PREFIX + field.upper(), f"{text}. It has to be {info.shape}{hint}"


def _bad(problems: Mapping[str, str]) -> BadSettings:
    lines = [f"{name} {text}" for name, text in sorted(problems.items())]
    if len(lines) == 1:
        return BadSettings(lines[0])
    return BadSettings("\n  ".join([f"{len(lines)} settings are missing or wrong", *lines]))
