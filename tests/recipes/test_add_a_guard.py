"""The recipe "Add a guard with its refusal": a stay abroad is permitted before it begins."""

import pytest

from tests.recipes.applying import (
    NEW_VERSION,
    Recipe,
    Step,
    Tree,
    appended,
    assert_fails,
    before,
    new_version,
    published,
    replaced,
    steps_of,
    translated,
)

GUARDS, TABLE = "src/ungdom/workflow/guards/measures.py", "src/ungdom/workflow/table.py"
ROWS, VERSIONS, TEXTS = "tests/workflow/test_guards.py", "tests/versions", "tests/test_texts.py"
ASKED = f'from_version("{NEW_VERSION}", measures.stay_begins_later)'

RECIPE = Recipe(
    "Add a guard with its refusal",
    (
        Step(
            (
                appended(
                    GUARDS,
                    '\n\n@detail(d.StayAbroadPermitted, "krl § 27", Actor.COORDINATOR)\n'
                    "def stay_begins_later(\n"
                    "    _case: Case, step: ProposedEvent, stay: d.StayAbroadPermitted\n"
                    ") -> Violation | None:\n"
                    '    """A stay abroad is permitted before it begins."""\n'
                    "    return None if stay.since >= step.on else Violation(stay.since, step.on)\n",
                ),
            ),
            ROWS,
        ),
        Step(
            (
                new_version(),
                replaced(
                    TABLE,
                    "Move(E.STAY_ABROAD_PERMITTED, (ITM, *EXECUTION), None, BOTH, ALL, (), ",
                    f"Move(E.STAY_ABROAD_PERMITTED, (ITM, *EXECUTION), None, BOTH, ALL, ({ASKED},), ",
                ),
            ),
            ROWS,
        ),
        published(),
        Step(
            (
                before(
                    ROWS,
                    "# consents that hold",
                    '    Row("stay_begins_later", "S R2", "plan_meeting_held",\n'
                    '        "2025-07-02 stay_abroad_permitted {since: 2025-07-01, until: 2025-07-20}",\n'
                    '        Day("2025-07-01")),\n',
                ),
            ),
            ROWS,
        ),
        Step(
            translated(
                "src/ungdom/texts/{}.toml",
                'youth_was_heard = "',
                'stay_begins_later = "Oppholdet begynte {current}. Det tillates senest {needed}."\n',
            ),
            TEXTS,
        ),
    ),
    ("docs/workflow.md", "docs/errors.md", "docs/codebook.md", "openapi/v1.json"),
)


def test_the_recipe_is_written_as_it_is_tried() -> None:
    RECIPE.assert_is_written()


def test_the_recipe_works(tree: Tree) -> None:
    RECIPE.assert_works(tree)


@pytest.mark.parametrize("step", steps_of(RECIPE))
def test_a_step_that_is_left_out_is_named(tree: Tree, step: int) -> None:
    RECIPE.assert_step_is_missed(tree, step)


def test_a_guard_without_its_version_is_refused(tree: Tree) -> None:
    RECIPE.apply(tree)
    replaced(TABLE, ASKED, "measures.stay_begins_later").change(tree)

    assert_fails(tree, VERSIONS, "changed: stay_abroad_permitted", TABLE, "from_version(<new version>")


def test_a_version_that_is_not_listed_is_refused(tree: Tree) -> None:
    RECIPE.apply(tree)
    replaced(TABLE, f'    "{NEW_VERSION}",\n', "").change(tree)

    assert_fails(tree, "tests/workflow/test_table.py", NEW_VERSION, f"VERSIONS in {TABLE}")
