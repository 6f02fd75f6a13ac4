"""`ungdom openapi` and `ungdom docs`: the files that are generated from the code."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ungdom import generated
from ungdom.cli.command_page import commands_text
from ungdom.cli.terminal import AsJson, print_result, working
from ungdom.settings import BadSettings


def openapi(
    out_file: Annotated[Path | None, typer.Option("--out", help="Write to this file instead of printing.")] = None,
) -> None:
    """Print the OpenAPI document."""
    if out_file is None:
        sys.stdout.write(generated.openapi_text())
    else:
        _check_writable(out_file)
        with working("describing the interface"):
            _write(out_file, generated.openapi_text())


def files(program: Any) -> dict[str, str]:
    """Every generated file, with the page of the commands of this program: its path from the root, and its text."""
    return generated.files() | {"docs/commands.md": generated.NOTE + commands_text(program)}


def docs(
    context: typer.Context,
    root: Annotated[Path, typer.Option(help="Root of the source checkout.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Regenerate the files below docs and openapi of a source checkout, and print their names."""
    if not root.is_dir():
        raise BadSettings(f"{root} is no folder")
    with working("describing the program"):
        texts = files(context.find_root().command)
    for path, text in texts.items():
        _write(root / path, text, below=root)
    print_result({"written": sorted(texts)}, "\n".join(f"written {path}" for path in texts), as_json)


def _check_writable(path: Path) -> None:
    """Raises `BadSettings` where the file cannot be written, before the seconds that the document takes."""
    try:
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        raise BadSettings(f"{path} cannot be written: {error.strerror}") from None


def _write(path: Path, text: str, below: Path | None = None) -> None:
    """Write a text file, with the folders below `below`. Raises `BadSettings` where it cannot be written."""
    try:
        if below is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadSettings(f"{path} cannot be written: {error.strerror}") from None
