"""The recipe "Add an extract column": the days from the answer to the start of a measure."""

import pytest

from tests.recipes.applying import Recipe, Step, Tree, after, before, published, replaced, steps_of

COLUMNS, CATALOGUE = "src/ungdom/extracts/columns/measures.py", "src/ungdom/extracts/catalogue.py"
VERSIONS = "tests/versions"
RAISED = ('Extract("measures", 2, ', 'Extract("measures", 3, ')

RECIPE = Recipe(
    "Add an extract column",
    (
        Step(
            (
                before(
                    COLUMNS,
                    'Column("asked_on", ',
                    '    Column("days_from_answer", T.INTEGER, "from the answer to the start", OFFICE_NORM,\n'
                    '           lambda row: row.state.days_from_answer, nullable=True, unit="days"),\n',
                ),
            ),
            VERSIONS,
            ("src/ungdom/extracts/columns/",),
        ),
        Step((replaced(CATALOGUE, *RAISED),), VERSIONS),
        Step(
            (after("docs/extracts.md", "| `measures` | 2 | ", "| `measures` | 3 | new: `days_from_answer` |\n"),),
            VERSIONS,
        ),
        published(),
    ),
    ("docs/codebook.md",),
)


def test_the_recipe_is_written_as_it_is_tried() -> None:
    RECIPE.assert_is_written()


def test_the_recipe_works(tree: Tree) -> None:
    RECIPE.assert_works(tree)


@pytest.mark.parametrize("step", steps_of(RECIPE))
def test_a_step_that_is_left_out_is_named(tree: Tree, step: int) -> None:
    RECIPE.assert_step_is_missed(tree, step)
