"""The recipe "Change a deadline": a breach talk is ordered within ten days from 2026 on."""

import pytest

from tests.recipes.applying import Recipe, Step, Tree, after, replaced, steps_of

DEADLINES = "tests/workflow/test_deadlines.py"
RECIPE = Recipe(
    "Change a deadline",
    (
        Step(
            (
                replaced(
                    "src/ungdom/workflow/law.py",
                    "BREACH_TALK = Dated(((FIRST, Length(days=14)),), ",
                    "BREACH_TALK = Dated(((FIRST, Length(days=14)), (date(2026, 1, 1), Length(days=10))), ",
                ),
            ),
            DEADLINES,
        ),
        Step(
            (
                after(
                    DEADLINES,
                    "SPECS: tuple[Spec, ...] = (",
                    '    Spec("breach_talk", "S R2", "plan_meeting_held",\n'
                    '         ("2026-03-02 breach_recorded {kind: duty}",),\n'
                    '         "2026-03-03", "running", "2026-03-12", 0, "2026-03-09"),\n',
                ),
            ),
            DEADLINES,
        ),
    ),
    ("docs/workflow.md", "docs/indicators.md"),
)


def test_the_recipe_is_written_as_it_is_tried() -> None:
    RECIPE.assert_is_written()


def test_the_recipe_works(tree: Tree) -> None:
    RECIPE.assert_works(tree)


@pytest.mark.parametrize("step", steps_of(RECIPE))
def test_a_step_that_is_left_out_is_named(tree: Tree, step: int) -> None:
    RECIPE.assert_step_is_missed(tree, step)
