"""The recipe "Add an indicator": the share of started cases in which a plan was approved."""

import pytest

from tests.recipes.applying import Recipe, Step, Tree, after, appended, before, published, steps_of, translated

INDICATORS, MEASURES = "src/ungdom/analytics/indicators/__init__.py", "src/ungdom/analytics/indicators/measures.py"
HISTORIES, TEXTS = "tests/statistics/test_indicators.py", "tests/test_texts.py"

RECIPE = Recipe(
    "Add an indicator",
    (
        Step(
            (
                appended(
                    MEASURES,
                    "\n\ndef approved(case: Case) -> Iterator[CountContribution]:\n"
                    '    """A case whose execution began in the period; in the numerator when a plan was approved."""\n'
                    "    if case.start:\n"
                    "        yield CountContribution(case.start.on, case.has(E.PLAN_APPROVED))\n",
                ),
            ),
            HISTORIES,
        ),
        Step(
            (
                before(
                    INDICATORS,
                    'Indicator("breach_to_talk", ',
                    '    Indicator("plan_approved", 1, G.MEASURES, U.SHARE, P.STARTED,\n'
                    '              "of these, with a plan that was approved",\n'
                    '              "cases whose execution began in the period",\n'
                    '              "strategy: adapted plans; krl § 25", measures.approved),\n',
                ),
            ),
            HISTORIES,
        ),
        published(),
        Step(
            translated("src/ungdom/texts/{}.toml", 'plan_adapted = "', 'plan_approved = "Er planen godkjent?"\n'),
            TEXTS,
        ),
        Step(
            (
                after(
                    HISTORIES,
                    '("plan_adapted", RUNNING, ',
                    '    ("plan_approved", RUNNING, [("2025-03-03", False, "")]),\n',
                ),
            ),
            HISTORIES,
        ),
    ),
    ("docs/indicators.md", "docs/codebook.md", "openapi/v1.json"),
)


def test_the_recipe_is_written_as_it_is_tried() -> None:
    RECIPE.assert_is_written()


def test_the_recipe_works(tree: Tree) -> None:
    RECIPE.assert_works(tree)


@pytest.mark.parametrize("step", steps_of(RECIPE))
def test_a_step_that_is_left_out_is_named(tree: Tree, step: int) -> None:
    RECIPE.assert_step_is_missed(tree, step)
