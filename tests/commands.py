"""Commands as files and pages name them: whether the program has them, with these options."""

from typing import Any

import typer

from ungdom import cli


def assert_is_command(words: list[str], *, or_group: bool = False) -> None:
    """The words call a command of the program with options that it has. `or_group`: or name a group of commands."""
    command: Any = typer.main.get_command(cli.app)
    left = list(words)
    while left and left[0] in getattr(command, "commands", {}):
        command = command.commands[left.pop(0)]
        command = getattr(command, "loaded", command)
    if or_group and words and not left:
        return
    assert not hasattr(command, "commands") or command.invoke_without_command, words
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in left if word.startswith("--")} <= options, words
