"""Descriptions of the columns: Frictionless Table Schema, Data Package, and the page docs/codebook.md."""

from collections.abc import Iterable, Mapping
from typing import Any

from ungdom import texts
from ungdom.extracts.catalogue import EXTRACTS, Extract
from ungdom.extracts.columns.column import Column, ColumnType, Dates, PurposeColumn, purpose_columns
from ungdom.extracts.labels import LabelColumn, label_columns
from ungdom.extracts.order import Order
from ungdom.extracts.pseudonyms import LENGTH
from ungdom.extracts.writers import Form, WrittenFile

PROFILE = "tabular-data-package"
_PSEUDONYM = f"^[a-z2-7]{{{LENGTH}}}$"
_COARSE = {Dates.MONTH: r"^\d{4}-\d{2}$", Dates.QUARTER: r"^\d{4}Q[1-4]$"}


def table_schema(
    extract: Extract, columns: Iterable[PurposeColumn], left_out: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Frictionless Table Schema of an extract. `left_out`: the partition columns, if any."""
    included = [column for column in columns if column.name not in left_out]
    return {"fields": [_field(column) for column in included], "primaryKey": list(extract.key), "missingValues": [""]}


def whole_schema(extract: Extract) -> dict[str, Any]:
    """The schema of every column, with exact days."""
    return table_schema(extract, purpose_columns(extract.columns, Dates.DAY, frozenset()))


def _field(purpose_column: PurposeColumn) -> dict[str, Any]:
    column = purpose_column.column
    constraints: dict[str, Any] = {"required": not column.nullable}
    if column.named is not None:
        constraints["pattern"] = _PSEUDONYM
    elif column.pattern is not None:
        constraints["pattern"] = f"^{column.pattern}$"
    elif column.values:
        constraints["enum"] = list(column.values)
    elif column.type is ColumnType.DATE and purpose_column.dates in _COARSE:
        constraints["pattern"] = _COARSE[purpose_column.dates]
    field = {
        "name": purpose_column.name,
        "type": str(purpose_column.type),
        "description": column.description,
        "constraints": constraints,
    }
    return field | {name: value for name, value in (("unit", purpose_column.unit), ("source", column.source)) if value}


def _label_field(label: LabelColumn) -> dict[str, Any]:
    description = f"label of {label.code} in the language {label.language}; missing where a code has none"
    return {"name": label.name, "type": "string", "description": description, "constraints": {"required": False}}


def package(order: Order, form: Form, files: Mapping[str, WrittenFile], left_out: frozenset[str]) -> dict[str, Any]:
    """The Data Package of a finished extract: one resource per file, with size, digest and schema."""
    schema = table_schema(order.extract, order.columns, left_out)
    included = [column for column in order.columns if column.name not in left_out]
    schema["fields"] += [_label_field(column) for column in label_columns(included, order.labels)]
    return {
        "profile": PROFILE,
        "name": f"{order.extract.name}-{order.purpose.name}",
        "title": title("en", order.extract),
        "description": f"One row is {order.extract.unit}. See manifest.json for what it was made of.",
        "version": str(order.extract.version),
        "resources": [_resource(name, file, form, schema) for name, file in files.items()],
    }


def _resource(name: str, file: WrittenFile, form: Form, schema: dict[str, Any]) -> dict[str, Any]:
    plain = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name.lower())
    return {
        "profile": "tabular-data-resource",
        "name": plain,
        "path": name,
        "format": form.suffix,
        "mediatype": form.media_type.partition(";")[0],
        "encoding": "utf-8",
        "bytes": file.bytes,
        "hash": f"sha256:{file.sha256}",
        "schema": schema,
    }


# --- the catalogue and the page -----------------------------------------------------------------------------


def title(language: texts.Language, extract: Extract) -> str:
    """The title of the extract."""
    return texts.text(language, "extract", extract.name)


HEAD = "| column | type | may be missing | unit | what it is | values | source |\n" + "|---" * 7 + "|\n"


def codebook() -> str:
    """The page docs/codebook.md: every extract and column, with exact days."""
    parts = ["# Codebook\n\n", "".join(f"{line}\n" for line in _OPENING)]
    for extract in EXTRACTS:
        names = " · ".join(title(language, extract) for language in texts.languages())
        parts.append(f"\n## {extract.name}\n\n{names}. One row is {extract.unit}. ")
        parts.append(f"Definition {extract.version} (`{extract.definition}`); key: {', '.join(extract.key)}.\n\n{HEAD}")
        parts += [_codebook_row(column) for column in purpose_columns(extract.columns, Dates.DAY, frozenset())]
    return "".join(parts)


_OPENING = (
    "The columns of every extract, as rows of `src/ungdom/extracts/` declare them. The same rows give the schema of",
    "each file that is made (`datapackage.json`, Frictionless Table Schema), and `GET /v1/extracts`. How extracts are",
    "ordered, and what a purpose changes (days told by month, quarter, or as days since the last offence; columns left",
    "out): [extracts.md](extracts.md).",
    "",
    "Pseudonyms are 24 letters, the same in every extract of one purpose and key version and in no other.",
)

_LONGEST_LIST = 12
"""Longer lists of values are replaced by the name of the enum, which is in the glossary."""


def _codebook_row(purpose_column: PurposeColumn) -> str:
    column = purpose_column.column
    missing = "yes" if column.nullable else "no"
    cells = (
        f"`{purpose_column.name}`",
        str(purpose_column.type),
        missing,
        purpose_column.unit or "",
        column.description,
        _values(column),
        column.source,
    )
    return "| " + " | ".join(cells) + " |\n"


def _values(column: Column) -> str:
    if column.named is not None:
        return f"pseudonym of a {column.named}"
    if len(column.values) > _LONGEST_LIST and column.words:
        return f"{len(column.values)} words: {', '.join(column.list_names)}"
    return ", ".join(f"`{value}`" for value in column.values)
