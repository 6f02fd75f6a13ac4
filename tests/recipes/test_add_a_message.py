"""The recipe "Add an official message": the return of an investigation a second time, under another name."""

import pytest

from tests.recipes.applying import Recipe, Step, Tree, after, appended, before, copied, created, replaced, steps_of

CONTRACTS, DOCUMENTED = "tests/esas/test_contracts.py", "tests/esas/test_documented.py"
INBOUND = "src/ungdom/esas/inbound"
MODULE = '''"""`UTSATT_FRIST` 1.0: more time for an investigation. It gives nothing of ours."""

from ungdom.esas.inbound.official import IgnoredReason, Pseudonymiser, Reading
from ungdom.esas.inbound.parts import Forsendelse
from ungdom.esas.inbound.values import EsasModel, Text, Unread


class UtsattFrist(EsasModel):
    """The message."""

    forsendelse: Forsendelse
    hovedStraffesaksnummer: Unread = None
    rekvisisjonPersonundersoekelseId: Unread = None
    utsattFristId: Text
    returPersonundersoekelseType: Unread = None
    dokumenter: Unread = None


def to_messages(_document: UtsattFrist, _pseudonymise: Pseudonymiser | None) -> Reading:
    """Nothing of ours."""
    return Reading(other=IgnoredReason.OTHER_KIND)
'''
SAMPLE = '''

def utsatt_frist() -> Json:
    """More time for the investigation."""
    body = retur()
    body["utsattFristId"] = body.pop("returPersonundersoekelseId")
    return body
'''
RENAMED = ("returPersonundersoekelseId", "utsattFristId")

RECIPE = Recipe(
    "Add an official message",
    (
        Step(
            (
                copied(
                    "tests/data/esas/schemas/utsattFrist-1.0.schema.json",
                    "tests/data/esas/schemas/returPersonundersoekelse-1.0.schema.json",
                    RENAMED,
                ),
                after(
                    "tests/esas/contracts.py",
                    '"RETUR_PERSONUNDERSOEKELSE": ',
                    '    "UTSATT_FRIST": "utsattFrist-1.0",\n',
                ),
            ),
            CONTRACTS,
            ("tests/esas/contracts.py",),
        ),
        Step((after(f"{INBOUND}/official.py", "RETUR = ", '    UTSATT_FRIST = "UTSATT_FRIST"\n'),), CONTRACTS),
        Step((created(f"{INBOUND}/utsatt_frist.py", MODULE),), CONTRACTS, ("utsatt_frist",)),
        Step(
            (
                before(f"{INBOUND}/__init__.py", 'T.SIKTELSE_TILTALE: ("', '    T.UTSATT_FRIST: ("1.0",),\n'),
                before(f"{INBOUND}/__init__.py", '"siktelseTiltale": ', '    "utsattFristId": T.UTSATT_FRIST,\n'),
                before(
                    f"{INBOUND}/__init__.py",
                    "T.SIKTELSE_TILTALE: (siktelse_tiltale",
                    "    T.UTSATT_FRIST: (utsatt_frist.UtsattFrist, utsatt_frist.to_messages),\n",
                ),
                before(
                    f"{INBOUND}/__init__.py",
                    "from ungdom.esas.inbound.kvittering import",
                    "from ungdom.esas.inbound import utsatt_frist\n",
                ),
            ),
            CONTRACTS,
        ),
        Step(
            (
                appended("tests/esas/official.py", SAMPLE),
                before(CONTRACTS, '("KVITTERING", official', '    ("UTSATT_FRIST", official.utsatt_frist()),\n'),
                before(CONTRACTS, '("KVITTERING", Kvittering)', '    ("UTSATT_FRIST", utsatt_frist.UtsattFrist),\n'),
                replaced(
                    CONTRACTS, "overfoere_sak, siktelse_tiltale\n", "overfoere_sak, siktelse_tiltale, utsatt_frist\n"
                ),
            ),
            CONTRACTS,
        ),
        Step(
            (after("docs/esas.md", "| `RETUR_PERSONUNDERSOEKELSE` | ", "| `UTSATT_FRIST` | 1.0 | nothing |\n"),),
            DOCUMENTED,
        ),
    ),
    ("openapi/asyncapi.json",),
)


def test_the_recipe_is_written_as_it_is_tried() -> None:
    RECIPE.assert_is_written()


def test_the_recipe_works(tree: Tree) -> None:
    RECIPE.assert_works(tree)


@pytest.mark.parametrize("step", steps_of(RECIPE))
def test_a_step_that_is_left_out_is_named(tree: Tree, step: int) -> None:
    RECIPE.assert_step_is_missed(tree, step)
