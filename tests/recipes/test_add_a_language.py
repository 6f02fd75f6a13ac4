"""The recipe "Add a language": Danish, with the texts of bokmål in the place of a translation."""

import pytest

from tests.recipes.applying import Recipe, Step, Tree, copied, replaced, steps_of

TEXTS = "tests/test_texts.py"
HOME = "src/ungdom/texts"

RECIPE = Recipe(
    "Add a language",
    (
        Step(
            (
                replaced(f"{HOME}/__init__.py", 'Literal["nb", "nn", "en"]', 'Literal["nb", "nn", "en", "da"]'),
                replaced(f"{HOME}/__init__.py", '"en": "en"}', '"en": "en", "da": "da"}'),
            ),
            TEXTS,
        ),
        Step((copied(f"{HOME}/da.toml", f"{HOME}/nb.toml", ("# Bokmål. ", "# Dansk. ")),), TEXTS),
        Step((copied(f"{HOME}/fields/da.toml", f"{HOME}/fields/nb.toml"),), TEXTS),
    ),
    ("docs/codebook.md", "openapi/v1.json"),
)


def test_the_recipe_is_written_as_it_is_tried() -> None:
    RECIPE.assert_is_written()


def test_the_recipe_works(tree: Tree) -> None:
    RECIPE.assert_works(tree)


@pytest.mark.parametrize("step", steps_of(RECIPE))
def test_a_step_that_is_left_out_is_named(tree: Tree, step: int) -> None:
    RECIPE.assert_step_is_missed(tree, step)
