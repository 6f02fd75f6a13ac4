"""The published contracts and samples, as they are carried in `tests/data/esas`."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator

from tests.data import ESAS

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


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema(name), validate_formats=True)


def complaints(name: str, body: object) -> list[str]:
    """Where the message breaks the contract, and how; empty when it keeps it."""
    errors = _validator(name).iter_errors(body)
    return [f"{'.'.join(map(str, error.instance_path))}: {error.message}" for error in errors]


def samples() -> list[Path]:
    """The published samples."""
    return sorted((ESAS / "samples").glob("*.json"))


def sample(name: str) -> dict[str, Any]:
    """The published sample of that name, without its ending."""
    found: dict[str, Any] = json.loads((ESAS / "samples" / f"{name}.json").read_text(encoding="utf-8"))
    return found
