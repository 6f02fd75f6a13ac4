"""Commands that are imported when they are called."""

from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from ungdom.lazy import uncollected


class LazyCommand(TyperCommand):
    """A command or a group of commands, known by its name and its help until it is called.

    `where`: module and name of the function or of the `typer.Typer`, with a colon between them.
    """

    def __init__(self, name: str, where: str, about: str) -> None:
        super().__init__(name, help=about)
        self._where = where

    @cached_property
    def loaded(self) -> Any:
        """The command itself, which imports its module."""
        module, _, attribute = self._where.partition(":")
        with uncollected():
            part = getattr(import_module(module), attribute)
        return _command_of(part, self.name)

    def make_context(self, *given: Any, **extra: Any) -> Any:
        """The context of the command itself: every call begins with it."""
        return self.loaded.make_context(*given, **extra)


def _command_of(part: typer.Typer | Callable[..., object], name: str | None) -> Any:
    if isinstance(part, typer.Typer):
        return typer.main.get_group(part)
    holder = typer.Typer(add_completion=False)
    holder.command(name=name)(part)
    return typer.main.get_command(holder)


def group_of(commands: tuple[LazyCommand, ...]) -> type[TyperGroup]:
    """The class of a group that has these commands."""

    class LazyGroup(TyperGroup):
        """A group whose commands are imported when they are called."""

        def __init__(self, **given: Any) -> None:
            super().__init__(**given | {"commands": {command.name: command for command in commands}})

    return LazyGroup
