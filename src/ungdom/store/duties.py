"""The column `duties` of `case_current`: by kind of task and by who has it to do, the earliest due day.

One entry per pair, `|kind:who=2026-01-05`; the kind, the party or both may be empty, which stands for any. `who` is an
actor, or `konfliktrad` for the actors of the office. A task without a due day has the day `NO_DAY`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any

from sqlalchemy import Column, ColumnElement, Text, and_, case, literal, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement, func

from ungdom.workflow.views.tasks import Task
from ungdom.workflow.vocabulary import Actor, Party

NO_DAY = "9999-12-31"
NOBODY = "nobody"
"""The name in a filter that selects no task."""
OFFICE_ACTORS = frozenset({Actor.COORDINATOR, Actor.LEADER})
"""The actors of the konfliktråd that has the case."""


def who_of(task: Task) -> frozenset[str]:
    """Under which names somebody has this task to do: its actors, and the konfliktråd for those of the office."""
    office = {str(Party.KONFLIKTRAD)} if OFFICE_ACTORS & set(task.who) else set()
    return frozenset({*(str(actor) for actor in task.who), *office})


def duties_of(tasks: Iterable[Task]) -> str | None:
    """The value of the column for these tasks; None without a task."""
    earliest: dict[str, str] = {}
    for task in tasks:
        due = task.due.isoformat() if task.due else NO_DAY
        for entry in (_entry(kind, who) for kind in ("", task.kind) for who in ("", *who_of(task))):
            earliest[entry] = min(due, earliest.get(entry, due))
    return "".join(f"{entry}{due}" for entry, due in sorted(earliest.items())) or None


def task_kinds_of(tasks: Iterable[Task]) -> str | None:
    """The value of the column `task_kinds` for these tasks: `|kind=day` for each kind; None without a task.

    What `kinds_of` reads in `duties`, in a value so short that an index has it, from which all cases are counted.
    """
    return "".join(f"|{kind}={due}" for kind, due in sorted(kinds_of(duties_of(tasks) or ""))) or None


def kinds_of(duties: str, who: Collection[str] = ("",)) -> Iterator[tuple[str, str]]:
    """Each kind of task in a value of the column with its earliest due day as text, `NO_DAY` without one.

    `who`: only the tasks that one of these has to do.
    """
    earliest: dict[str, str] = {}
    for entry in duties.split("|")[1:]:
        name, _, due = entry.partition("=")
        kind, _, actor = name.partition(":")
        if kind and actor in who:
            earliest[kind] = min(due, earliest.get(kind, due))
    yield from earliest.items()


def kinds_of_all(task_kinds: str) -> Counter[tuple[str, str]]:
    """How many cases have each kind of task with each earliest due day, whoever has it to do.

    `task_kinds`: the values of that column, one after the other; to read them one by one takes several times as long.
    """
    entries = Counter(task_kinds.split("|")[1:])
    return Counter({(entry[: -len(NO_DAY) - 1], entry[-len(NO_DAY) :]): count for entry, count in entries.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """A condition on one task of a case: its kind, who has it to do, and its due day.

    `kind`: empty for any. `who`: any of these names; empty for anybody. `due_before`: due before that day;
    `not_due_before`: due on that day or later, or without a due day.
    """

    kind: str = ""
    who: tuple[str, ...] = ()
    due_before: date | None = None
    not_due_before: date | None = None

    def fits(self, duties: str | None) -> bool:
        """Whether a case with this value of the column has such a task."""
        written = duties or ""
        present = [written.partition(entry)[2][: len(NO_DAY)] for entry in self._entries if entry in written]
        return bool(present) and self._is_in_time(min(present))

    def matches(self, task: Task) -> bool:
        """Whether this task is one of them."""
        named = (not self.kind or self.kind == task.kind) and (not self.who or not who_of(task).isdisjoint(self.who))
        return named and self._is_in_time(task.due.isoformat() if task.due else NO_DAY)

    def condition(self, column: Column[Any]) -> ColumnElement[bool]:
        """The same condition in SQL."""
        present = or_(*(position_of(column, literal(entry)) > 0 for entry in self._entries))
        due = self.earliest_due(column)
        limits = []
        if self.due_before is not None:
            limits.append(due < self.due_before.isoformat())
        if self.not_due_before is not None:
            limits.append(due >= self.not_due_before.isoformat())
        return and_(column.is_not(None), present, *limits)

    def earliest_due(self, column: Column[Any]) -> ColumnElement[str]:
        """The earliest due day of such tasks as text, whatever the limits; `NO_DAY` without one."""
        days = [_day_behind(column, entry) for entry in self._entries]
        return reduce(lambda left, right: case((left <= right, left), else_=right), days)

    @property
    def _entries(self) -> list[str]:
        return [_entry(self.kind, who) for who in self.who or ("",)]

    def _is_in_time(self, due: str) -> bool:
        before = self.due_before is None or due < self.due_before.isoformat()
        return before and (self.not_due_before is None or due >= self.not_due_before.isoformat())


def _entry(kind: str, who: str) -> str:
    return f"|{kind}:{who}="


def _day_behind(column: Column[Any], entry: str) -> ColumnElement[str]:
    place = position_of(column, literal(entry))
    return case((place > 0, func.substr(column, place + len(entry), len(NO_DAY), type_=Text())), else_=NO_DAY)


class position_of(FunctionElement[int]):  # noqa: N801  # written like a function of SQL
    """The place of a text in another, from 1; 0 where it is not in it."""

    inherit_cache = True


@compiles(position_of)
def _instr(element: position_of, compiler: Any, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"


@compiles(position_of, "postgresql")
def _strpos(element: position_of, compiler: Any, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"
