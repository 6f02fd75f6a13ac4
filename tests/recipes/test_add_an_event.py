"""The recipe "Add an event type": parents are guided, a fact of the execution with one detail."""

import pytest

from tests.recipes.applying import (
    NEW_VERSION,
    Recipe,
    Step,
    Tree,
    after,
    appended,
    assert_fails,
    before,
    new_version,
    published,
    replaced,
    steps_of,
    translated,
)

CHECK, VERSIONS, TEXTS = "tests/workflow/test_table.py", "tests/versions", "tests/test_texts.py"
MODEL = "tests/model/test_words.py"
PAYLOADS = "src/ungdom/workflow/payloads"
TABLE = "src/ungdom/workflow/table.py"
SINCE = f', since="{NEW_VERSION}"'

RECIPE = Recipe(
    "Add an event type",
    (
        Step(
            (
                after(
                    "src/ungdom/workflow/vocabulary.py",
                    "STAY_ABROAD_REFUSED = ",
                    '    PARENTS_GUIDED = "parents_guided"\n',
                ),
            ),
            CHECK,
        ),
        Step(
            (
                appended(
                    f"{PAYLOADS}/fact_payloads.py",
                    "\n\n@dataclass(frozen=True, slots=True, kw_only=True)\nclass ParentsGuided(Details):\n"
                    '    """Guidance of those with parental responsibility."""\n\n    sessions: int\n',
                ),
                replaced(f"{PAYLOADS}/__init__.py", "    PumOrdered,\n", "    ParentsGuided,\n    PumOrdered,\n"),
                before(f"{PAYLOADS}/__init__.py", '"PlanApproved",', '    "ParentsGuided",\n'),
            ),
            CHECK,
            (f"{PAYLOADS}/__init__.py",),
        ),
        Step(
            (
                after(
                    "src/ungdom/workflow/events.py",
                    "E.STAY_ABROAD_REFUSED: ",
                    "    E.PARENTS_GUIDED: d.ParentsGuided,\n",
                ),
            ),
            CHECK,
        ),
        Step(
            (
                new_version(),
                before(
                    TABLE,
                    "Move(E.SURVEY_ANSWERED, ",
                    f'    Move(E.PARENTS_GUIDED, EXECUTION, None, BOTH, ALL, (), (CRD,), "krl § 25"{SINCE}),\n',
                ),
            ),
            CHECK,
        ),
        published(),
        Step((after(CHECK, "BESIDE = {", '    "parents_guided",  # an example\n'),), CHECK),
        Step(
            translated("src/ungdom/texts/{}.toml", 'stay_abroad_refused = "', 'parents_guided = "Foreldre veiledet"\n'),
            TEXTS,
        ),
        Step(
            translated(
                "src/ungdom/texts/fields/{}.toml",
                '"StayAbroadRefused.since" = ',
                '"ParentsGuided.sessions" = { label = "Samtaler", help = "Hvor mange samtaler det har vært." }\n',
            ),
            TEXTS,
        ),
        Step(
            (
                after(
                    "tests/model/reference.py",
                    '"stay_abroad_refused": (',
                    '    "parents_guided": (EXEC, BOTH),\n',
                ),
                after(
                    "tests/model/strategies.py",
                    '"stay_abroad_refused": lambda',
                    '    "parents_guided": lambda _m, d, _on: {"sessions": d.one(1, 2)},\n',
                ),
            ),
            MODEL,
        ),
    ),
    (
        "docs/workflow.md",
        "docs/glossary.md",
        "docs/fields.md",
        "docs/codebook.md",
        "openapi/v1.json",
        "openapi/asyncapi.json",
        "openapi/schemas/events.json",
    ),
)


def test_the_recipe_is_written_as_it_is_tried() -> None:
    RECIPE.assert_is_written()


def test_the_recipe_works(tree: Tree) -> None:
    RECIPE.assert_works(tree)


@pytest.mark.parametrize("step", steps_of(RECIPE))
def test_a_step_that_is_left_out_is_named(tree: Tree, step: int) -> None:
    RECIPE.assert_step_is_missed(tree, step)


def test_a_row_without_its_version_is_refused(tree: Tree) -> None:
    RECIPE.apply(tree)
    replaced(TABLE, SINCE, "").change(tree)

    assert_fails(tree, VERSIONS, "added: parents_guided", TABLE, "since=<new version>")
