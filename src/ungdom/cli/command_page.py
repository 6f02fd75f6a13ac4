"""`docs/commands.md`: every command with its arguments and options, from the commands themselves."""

from collections.abc import Iterator
from enum import Enum
from typing import Any

NOTE = """# Commands

Every command of `ungdom` with its arguments and options. `ungdom --help` and `ungdom COMMAND --help` show the same.
Exit codes and what to do about each: [operations](operations.md#exit-codes). With `--json` a command prints its result
for programs; messages for people go to standard error.
"""


def commands_text(program: Any) -> str:
    """The page of this program, a group of commands."""
    return NOTE + "".join(_command_text(path, command) for path, command in leaves(program))


def leaves(command: Any, *path: str) -> Iterator[tuple[str, Any]]:
    """Every command that can be typed, with the words that call it."""
    command = getattr(command, "loaded", command)
    below = getattr(command, "commands", {})
    if not below or (path and command.invoke_without_command):
        yield " ".join(path), command
    for name, inner in below.items():
        yield from leaves(inner, *path, name)


def _command_text(path: str, command: Any) -> str:
    about = "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
    parameters = [parameter for parameter in command.params if parameter.name != "help"]
    rows = "".join(map(_row, parameters))
    table = f"\n| argument or option | what it is |\n|---|---|\n{rows}" if rows else ""
    return f"\n## `ungdom {path}`\n\n{about}\n{table}"


def _row(parameter: Any) -> str:
    is_option = parameter.param_type_name == "option"
    names = (
        [f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts)]
        if is_option
        else [parameter.name.upper()]
    )
    kind = parameter.type_descriptor.annotation
    words = [f"`{word.value}`" for word in kind] if isinstance(kind, type) and issubclass(kind, Enum) else []
    text = " ".join((parameter.help or "").split()).replace("|", "\\|")
    cells = (
        ", ".join(names),
        f"{text}{' One of ' + ', '.join(words) + '.' if words else ''}{' Required.' if parameter.required else ''}",
    )
    return f"| {cells[0]} | {cells[1].strip() or '–'} |\n"
