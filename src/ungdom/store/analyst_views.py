"""The views of the analyst role on PostgreSQL: released figures and reference lists.

No view has a row per case or person. Rows about cases are given out only as extracts: for a purpose, with pseudonyms
and logged. A view can do none of these.
"""

from collections.abc import Mapping

from ungdom.store.schema import reference as lists

SCHEMA = "analyst"
"""The schema of the views, the only one that the analyst role may use."""

_LISTS = (
    lists.police_district,
    lists.konfliktrad,
    lists.municipality,
    lists.offence_group,
    lists.statute,
    lists.measure,
    lists.agency,
)

_RELEASE = "SELECT release_id, known_at, made_at, sha256, content FROM {schema}.release"

_RELEASED_VALUE = """
    WITH cell AS (
        SELECT r.release_id, r.known_at, part ->> 'stands' AS stands, tab ->> 'figure' AS figure,
            (tab ->> 'definition')::integer AS definition, tab -> 'estimates' AS estimates, body,
            jsonb_array_length(tab -> 'dimensions') AS width,
            (SELECT jsonb_object_agg(dimension.value ->> 'code', body -> (dimension.ordinality - 1)::integer)
                FROM jsonb_array_elements(tab -> 'dimensions') WITH ORDINALITY AS dimension) AS dimensions
        FROM {schema}.release AS r, jsonb_array_elements(r.content::jsonb -> 'figures') AS part,
            jsonb_array_elements(part -> 'tables') AS tab, jsonb_array_elements(tab -> 'cells') AS body
    )
    SELECT release_id, known_at, stands, figure, definition, dimensions, 'cases' AS measure,
        (body ->> width)::double precision AS value,
        CASE WHEN body ->> width IS NULL THEN 'hidden' ELSE 'shown' END AS status
    FROM cell
    UNION ALL
    SELECT release_id, known_at, stands, figure, definition, dimensions, name,
        (body -> (width + 1) ->> name)::double precision,
        CASE WHEN NOT body -> (width + 1) ? name THEN 'hidden'
            WHEN body -> (width + 1) ->> name IS NULL THEN 'not_reached' ELSE 'shown' END
    FROM cell, jsonb_array_elements_text(estimates) AS name
    WHERE dimensions ->> 'ending' = '_T'
"""
"""One row per released value, as in the extract of aggregates. A hidden value is null."""


def view_queries(schema: str) -> Mapping[str, str]:
    """The query of each view by its name. `schema`: the quoted schema of the tables."""
    queries = {"release": _RELEASE, "released_value": _RELEASED_VALUE}
    queries |= {table.name: "TABLE {schema}." + table.name for table in _LISTS}
    return {name: query.format(schema=schema).strip() for name, query in queries.items()}
