"""`ungdom keys`: new keys of an installation."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from ungdom.cli.terminal import err
from ungdom.settings.keys import KEY_PURPOSES, new_key

keys_app = typer.Typer(no_args_is_help=True, help="Keys of an installation.")


class KeyPurpose(StrEnum):
    """The use of a key."""

    PEOPLE = "people"
    CURSOR = "cursor"
    EXTRACTS = "extracts"


COSTS: Mapping[KeyPurpose, str] = {
    KeyPurpose.PEOPLE: "without it every name, contact and identity number in the database and its backups is lost",
    KeyPurpose.CURSOR: "without it clients begin their lists anew",
    KeyPurpose.EXTRACTS: "without it old extracts cannot be built again, and new ones cannot be joined with them",
}


@keys_app.callback()
def keys() -> None:
    """Keys of an installation."""


@keys_app.command()
def new(
    purposes: Annotated[list[KeyPurpose] | None, typer.Option("--for", help="Use of the key; default all.")] = None,
    version: Annotated[int, typer.Option(min=1, help="Version of an extract key: one higher than the last.")] = 1,
) -> None:
    """Print new keys as lines of an environment file. Nothing is stored."""
    chosen = purposes or list(KeyPurpose)
    for purpose in chosen:
        prefix = f"{version}:" if purpose is KeyPurpose.EXTRACTS else ""
        print(f"{KEY_PURPOSES[purpose]}={prefix}{new_key()}")
    err.print("Keep them where only the service and your backup of secrets can read them, apart from the database.")
    for purpose in chosen:
        err.print(f"{KEY_PURPOSES[purpose]}: {COSTS[purpose]}.")
