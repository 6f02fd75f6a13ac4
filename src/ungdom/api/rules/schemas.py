"""Schemas of the rules as data: deadline rules and workflows."""

from typing import Annotated, Literal

from ungdom.api.http import inputs as i
from ungdom.api.http.schemas import Output
from ungdom.message.text import CodeText
from ungdom.workflow import table
from ungdom.workflow.rules.escalation import Audience
from ungdom.workflow.vocabulary import Actor, EventType, Party, Regime, Sanction, State


class RuleOut(Output):
    """A deadline rule. `lengths`: the value from each day on."""

    code: str
    label: str
    lengths: list[dict[str, str]]
    sanctions: list[Sanction]
    regimes: list[Regime]
    binding: bool
    moves_off_holidays: bool
    law: str
    who_is_late: list[Party]
    warn_days: int
    is_delay: bool


class ReceiverOut(Output):
    """On which days a receiver is notified of an alert. `after_due`: days after the due day; null: the warning day.

    `source`: act and paragraph, or office norm.
    """

    receiver: Audience
    receiver_label: str
    after_due: list[int | None]
    source: str


class RuleList(Output):
    """The deadline rules with their law, and who is notified of delay when."""

    items: list[RuleOut]
    receivers: list[ReceiverOut]


class GuardOut(Output):
    """A condition of a row."""

    code: str
    law: str


class RowOut(Output):
    """One row of the table. `to` null: a fact. `only_for`: the cases that the row is for; null: every case."""

    event: EventType
    label: str
    sources: list[State]
    to: str | None
    guards: list[GuardOut]
    only_for: str | None
    actors: list[Actor]
    law: str


class WorkflowOut(Output):
    """One workflow: its states and its rows."""

    sanction: Sanction
    regime: Regime
    table_version: str
    states: list[State]
    moves: list[RowOut]
    facts: list[RowOut]


class Format(i.Input):
    """`mermaid`: the state diagram as text. `version`: of the table; the newest when not given."""

    format: Literal["json", "mermaid"] = "json"
    version: Annotated[CodeText, i.listed(table.VERSIONS)] = table.VERSION
