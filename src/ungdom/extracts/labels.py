"""Labels beside codes: for each coded column a column per language, with the text that stands for the code. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from ungdom import texts
from ungdom.extracts.columns.column import Column, PurposeColumn
from ungdom.lazy import lazy
from ungdom.store import reference
from ungdom.store.schema.reference import konfliktrad, measure, police_district

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc
else:
    pa = lazy("pyarrow")
    pc = lazy("pyarrow.compute")

_PLACES = (konfliktrad, police_district, measure)
_SECTIONS = ("extract_word", "statistic_number", "statistic", "indicator", "measure_answer", "plan_load")
"""The sections of texts for words that only extracts and tables have."""


@dataclass(frozen=True, slots=True)
class LabelColumn:
    """The labels of a coded column in one language. `text_of`: the label of each code that has one."""

    code: str
    language: texts.Language
    text_of: Mapping[str, str]

    @property
    def name(self) -> str:
        """The name of the column: the coded column and the language."""
        return f"{self.code}_{self.language}"


def label_columns(columns: Iterable[PurposeColumn], languages: Sequence[texts.Language]) -> list[LabelColumn]:
    """The label columns, in the order of the columns and languages; columns whose codes have no label have none."""
    pairs = ((column.column, language) for column in columns for language in languages)
    labelled = (LabelColumn(column.name, language, _labels(column, language)) for column, language in pairs)
    return [column for column in labelled if column.text_of]


def schema_with_labels(schema: pa.Schema, labels: Sequence[LabelColumn]) -> pa.Schema:
    """The columns of this schema, and the labels after them. A label is missing where the code is, or has none."""
    for column in labels:
        schema = schema.append(pa.field(column.name, pa.string(), nullable=True))
    return schema


def with_labels(batches: Iterable[pa.RecordBatch], labels: Sequence[LabelColumn]) -> Iterator[pa.RecordBatch]:
    """The same rows with their labels."""
    for batch in batches:
        arrays = [*batch.columns, *(_texts(batch.column(column.code), column.text_of) for column in labels)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema_with_labels(batch.schema, labels))


def _texts(codes: pa.Array, text_of: Mapping[str, str]) -> pa.Array:
    encoded = codes.dictionary_encode()
    distinct = pa.array([text_of.get(code) for code in encoded.dictionary.to_pylist()], pa.string())
    return distinct.take(encoded.indices)


def _labels(column: Column, language: texts.Language) -> dict[str, str]:
    """The label of each code of the column that has one."""
    if column.named is not None:
        return {}
    words = (*(word for kind in column.words for word in kind), *column.vocabulary)
    labels = ((str(word), _label(language, column.name, word)) for word in words)
    return {code: label for code, label in labels if label}


def _label(language: texts.Language, column: str, word: str) -> str | None:
    """The label of a member of an enum, or of the section named as the column; then the name of a place or measure.

    Otherwise any label; None for a word without one, such as an age or the version of a table.
    """
    catalogue = texts.catalogue(language)
    own = texts.section_of(type(word)) if isinstance(word, StrEnum) else column
    sections = (catalogue.get(own, {}), _of_reference(language), *(catalogue[section] for section in _SECTIONS))
    label = next((labels[word] for labels in sections if word in labels), None)
    try:
        return label or texts.label(language, word)
    except KeyError:
        return None


@cache
def _of_reference(language: texts.Language) -> dict[str, str]:
    """The names of every konfliktråd, police district and measure, by code."""
    rows = (row for table in _PLACES for row in reference.read(table))
    return {str(row["code"]): str(row[f"name_{language}"]) for row in rows}
