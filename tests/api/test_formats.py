"""The form of a table that is answered with."""

import pytest
from starlette.exceptions import HTTPException

from ungdom.api.http.formats import TableFormat, preferred_format

JSON, STAT, CSV = TableFormat


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("application/json; charset=utf-8", JSON),
        ('application/json;profile="https://json-stat.org"', STAT),
        ('application/json;profile="https://json-stat.org/full-spec/2.0, x"', STAT),
        (f"text/html, {STAT.media_type}", STAT),
        ("text/csv", CSV),
        ("TEXT/CSV;header=present", CSV),
        ("text/*", CSV),
        ("text/html, */*;q=0.1", JSON),
        ("application/json;q=0.4, text/csv;q=0.5", CSV),
        ("text/csv;q=0, application/json", JSON),
        ("text/csv, application/json", CSV),
    ],
)
def test_the_form_wanted_most_is_answered(accept: str | None, form: TableFormat) -> None:
    assert preferred_format(accept) is form


def test_a_format_that_is_named_is_heard_before_the_header() -> None:
    assert preferred_format("text/csv", TableFormat.JSON_STAT) is TableFormat.JSON_STAT


@pytest.mark.parametrize("accept", ["application/xml", "text/csv;q=0", "image/*", "text/csv;q=2", "nonsense"])
def test_a_form_that_does_not_exist_is_refused_with_those_that_do(accept: str) -> None:
    with pytest.raises(HTTPException) as refused:
        preferred_format(accept)
    assert refused.value.status_code == 406
    assert all(form.media_type in refused.value.detail for form in TableFormat)
