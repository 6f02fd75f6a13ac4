"""Every command that may take longer than a second shows what it does, and nothing beside JSON."""

import inspect
import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
import typer
from rich.console import Console

from ungdom import cli
from ungdom.cli import terminal
from ungdom.cli.command_page import leaves

SHOWN_BY = {terminal.progress, terminal.phases, terminal.working}
STAYS = "stays until it is stopped, and says where it listens"
NO_DATABASE = "opens no database"
FEW_ROWS = "reads or writes a few rows"
WITHOUT = {
    "case show": FEW_ROWS,
    "keys new": NO_DATABASE,
    "releases": FEW_ROWS,
    "retention confirm": FEW_ROWS,
    "retention rules": FEW_ROWS,
    "serve": STAYS,
    "sessions end": FEW_ROWS,
    "sessions list": FEW_ROWS,
    "staff add": FEW_ROWS,
    "staff end": FEW_ROWS,
    "staff list": FEW_ROWS,
    "token": NO_DATABASE,
    "worker": STAYS,
}
"""The commands that show no progress, and why."""


def codes(code: CodeType) -> Iterator[CodeType]:
    """This code and that of the functions inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def functions_of(command: Any) -> set[Any]:
    """The functions of `ungdom.cli` that a command may call, by the names in their code."""
    pending, reached = [command.callback], set[Any]()
    while pending:
        function = inspect.unwrap(pending.pop())
        reached.add(function)
        names = {name for code in codes(function.__code__) for name in code.co_names}
        called = [function.__globals__[name] for name in names & function.__globals__.keys()]
        inside = [value for value in called if isinstance(value, FunctionType)]
        pending += [
            value
            for value in inside
            if value.__module__.startswith("ungdom.cli") and inspect.unwrap(value) not in reached
        ]
    return reached


def test_every_command_shows_what_it_does_or_reads_a_few_rows_only() -> None:
    shows = {inspect.unwrap(helper) for helper in SHOWN_BY}
    commands = dict(leaves(typer.main.get_command(cli.app)))
    assert len(commands) > 50
    assert {path for path, command in commands.items() if not functions_of(command) & shows} == set(WITHOUT)


@pytest.mark.parametrize("on_terminal", [True, False])
@pytest.mark.parametrize(("options", "shown"), [((), True), (("--json",), False)])
def test_nothing_is_shown_beside_json(
    options: tuple[str, ...], shown: bool, on_terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = StringIO()
    monkeypatch.setattr(terminal, "err", Console(file=printed, force_terminal=on_terminal, width=80))
    program = typer.Typer()

    @program.command()
    def count(as_json: terminal.AsJson = False) -> None:
        with terminal.progress("cases") as report:
            report(2, 2)
        with terminal.phases() as report_phase:
            report_phase("alerts", 1, 2)
        with terminal.working("reading every table"):
            pass
        terminal.print_result({"cases": 2}, "2 cases", as_json)

    program(list(options), standalone_mode=False)
    assert ("cases" in printed.getvalue()) is shown
    assert ("alerts" in printed.getvalue(), "every table" in printed.getvalue()) == (shown and on_terminal,) * 2


def test_what_a_command_prints_as_json_is_all_that_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UNGDOM_ENV", "development")
    monkeypatch.setenv("UNGDOM_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["ungdom", "db", "upgrade", "--json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    captured = capsys.readouterr()
    assert (ended.value.code, captured.err, set(json.loads(captured.out))) == (0, "", {"schema", "granted"})


@pytest.mark.parametrize(
    ("is_terminal", "expected"),
    [
        (True, ["subject", "held", "since", "ola [bold]", "yes", "2026-01-05"]),
        (False, ["ola", "[bold]", "yes", "since", "2026-01-05"]),
    ],
)
def test_rows_are_a_table_on_a_terminal_and_lines_elsewhere(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, expected: list[str]
) -> None:
    """The fields of the layout, and no markup of what is stored."""
    written = StringIO()
    console = Console(file=written, force_terminal=is_terminal, color_system=None, width=100, soft_wrap=True)
    monkeypatch.setattr(terminal, "out", console)
    rows = [{"subject": "ola [bold]", "held": "yes", "since": "2026-01-05", "secret": "not in the layout"}]

    terminal.print_rows(rows, "{subject:<12} {held}  since {since}", as_json=False)

    words = re.split(r"\s{2,}", written.getvalue().strip()) if is_terminal else written.getvalue().split()
    assert [word.strip() for word in words] == expected
    assert "not in the layout" not in written.getvalue()
