"""`ungdom statistics recidivism`: recidivism by its three definitions. Exact: not for publication."""

from ungdom.cli.figures import KnownAt, Refresh, Since, Until, ValidAt
from ungdom.cli.statistics import By, Figure, Where, print_answer, query_of
from ungdom.cli.terminal import AsJson, OnDemo


def recidivism(  # noqa: PLR0913, PLR0917  # each an option of the command
    since: Since,
    until: Until,
    statistic: Figure = [],  # noqa: B006  # typer reads it and does not change it
    by: By = [],  # noqa: B006
    where: Where = [],  # noqa: B006
    valid_at: ValidAt = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
    refresh: Refresh = False,
) -> None:
    """Recidivism by the definitions ssb_5y, nordic_2y and completion_2y, for index dates in the period."""
    from ungdom.analytics.queries import recidivism as answering
    from ungdom.api.statistics.schemas import RecidivismQuery

    query = query_of(RecidivismQuery, (since, until), statistic, by, where)
    print_answer(query, answering.recidivism, (valid_at, known_at), as_json, on_demo, refresh)
