"""`ungdom statistics recidivism`: recidivism by its three definitions. Exact: not for publication."""

from ungdom.cli.figures import ReadingOptions, grouped_options
from ungdom.cli.statistics import SelectionOptions, print_answer, query_of


@grouped_options
def recidivism(selection: SelectionOptions, reading: ReadingOptions) -> None:
    """Recidivism by the definitions ssb_5y, nordic_2y and completion_2y, for index dates in the period."""
    from ungdom.analytics.queries import recidivism as answering
    from ungdom.api.statistics.schemas import RecidivismQuery

    print_answer(query_of(RecidivismQuery, selection), answering.recidivism, reading)
