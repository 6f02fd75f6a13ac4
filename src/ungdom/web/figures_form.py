"""What the pages of figures share: the form of a period, and the same figures as a file."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from fastapi import Response
from pydantic import model_validator

from ungdom.api.http.inputs import CivilDay, in_order
from ungdom.web.queries import PageForm, address_of
from ungdom.workflow.vocabulary import Sanction

YEAR = timedelta(days=365)
CSV = "text/csv; charset=utf-8"


class PeriodForm(PageForm):
    """The form of a period: the last year where none is named."""

    since: CivilDay | None = None
    until: CivilDay | None = None

    _ends_after_it_began = model_validator(mode="after")(in_order("since", "until"))

    def period(self, today: date) -> dict[str, Any]:
        """The period as the interface is asked for it."""
        until = self.until or today
        since = self.since or (until - YEAR)
        return {"from": since.isoformat(), "to": until.isoformat()}


class SanctionPeriodForm(PeriodForm):
    """The same for one of the sanctions, or for both."""

    sanction: Sanction | None = None

    def period(self, today: date) -> dict[str, Any]:
        """The period and the sanction as the interface is asked for them."""
        return {**super().period(today), "sanction": self.sanction}


def form_values(question: Mapping[str, Any], path: str) -> dict[str, Any]:
    """What was asked for, by the names of the form, and the address of the same figures as a file."""
    names = {"from": "since", "to": "until"}
    given = {names.get(name, name): value for name, value in question.items()}
    return {
        "given": {name: value for name, value in given.items() if value},
        "download": address_of(f"{path}/download", given, {}),
        "sanctions": [str(sanction) for sanction in Sanction],
    }


def csv_file(rows: Sequence[Mapping[str, Any]], name: str) -> Response:
    """The rows as a file; empty where there are none."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [])
    writer.writeheader()
    writer.writerows(rows)
    return as_file(text.getvalue(), name)


def as_file(text: str | bytes, name: str) -> Response:
    """A text of lines that a browser keeps as a file."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(text, headers=headers, media_type=CSV)
