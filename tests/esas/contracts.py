"""The published contracts and samples, as they are carried in `tests/data/esas`."""

import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from tests.data import ESAS

FORMATS = FormatChecker()
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


@FORMATS.checks("date-time")
def _is_instant(told: object) -> bool:
    """RFC 3339: the library checks this format only with a further package."""
    if not isinstance(told, str):
        return True
    if not _INSTANT.fullmatch(told):
        return False
    try:
        return bool(datetime.fromisoformat(told))
    except ValueError:
        return False


SCHEMAS = {
    "overfoereSak": "overfoereSak-1.0",
    "overfoereSak maven": "overfoereSak-maven",
    "DOMSAVGJOERELSE": "domsavgjoerelse-1.2",
    "FULLBYRDELSESORDRE": "fullbyrdelsesordre-1.2",
    "REKVISISJON_PERSONUNDERSOEKELSE": "rekvisisjonPersonundersoekelse-1.2",
    "RETUR_PERSONUNDERSOEKELSE": "returPersonundersoekelse-1.0",
    "SIKTELSE_TILTALE": "siktelseTiltale",
    "KVITTERING": "kvittering-1.0",
    "oppdatertSaksstatus 1.0": "oppdatertSaksstatus-1.0",
    "oppdatertSaksstatus maven": "oppdatertSaksstatus-maven",
}
"""Message, and variant where there are two, to the file of its contract."""


@cache
def schema(name: str) -> dict[str, Any]:
    """The contract of that name."""
    found: dict[str, Any] = json.loads(path_of(SCHEMAS[name]).read_text(encoding="utf-8"))
    return found


def path_of(file: str) -> Path:
    """Where the contract with that file name is."""
    return ESAS / "schemas" / f"{file}.schema.json"


def complaints(name: str, body: object) -> list[str]:
    """Where the message breaks the contract, and how; empty when it keeps it."""
    found = Draft202012Validator(schema(name), format_checker=FORMATS).iter_errors(body)
    return [f"{error.json_path}: {error.message}" for error in found]


def samples() -> list[Path]:
    """The published samples."""
    return sorted((ESAS / "samples").glob("*.json"))


def sample(name: str) -> dict[str, Any]:
    """The published sample of that name, without its ending."""
    found: dict[str, Any] = json.loads((ESAS / "samples" / f"{name}.json").read_text(encoding="utf-8"))
    return found
