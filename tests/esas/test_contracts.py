"""T28: what is sent keeps the published contracts, what is read here is what they describe."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest

from tests.esas import official
from tests.esas.contracts import SCHEMAS, complaints, path_of, sample, samples, schema
from ungdom.esas import inbound
from ungdom.esas.inbound import MessageType, domsavgjoerelse, fullbyrdelsesordre, overfoere_sak, siktelse_tiltale
from ungdom.esas.inbound import rekvisisjon as investigation
from ungdom.esas.inbound.kvittering import Kvittering
from ungdom.esas.inbound.values import EsasModel

T = MessageType

BUILT = [
    ("overfoereSak", official.overfoere_sak()),
    ("overfoereSak maven", official.overfoere_sak()),
    ("overfoereSak", official.overfoere_sak("US", consent=False)),
    ("DOMSAVGJOERELSE", official.domsavgjoerelse()),
    ("DOMSAVGJOERELSE", official.domsavgjoerelse(official.accused({"bot": {"beloep": 1}}), earlier=official.ORDER)),
    ("DOMSAVGJOERELSE", official.domsavgjoerelse(official.accused(), official.accused(second=True))),
    ("FULLBYRDELSESORDRE", official.fullbyrdelsesordre()),
    ("FULLBYRDELSESORDRE", official.fullbyrdelsesordre(final_on=None, early=True)),
    ("REKVISISJON_PERSONUNDERSOEKELSE", official.rekvisisjon()),
    ("RETUR_PERSONUNDERSOEKELSE", official.retur()),
    ("RETUR_PERSONUNDERSOEKELSE", official.retur("RETURNERT_IKKE_UTFOERT")),
    ("SIKTELSE_TILTALE", official.siktelse_tiltale()),
    ("SIKTELSE_TILTALE", official.siktelse_tiltale("TILTALE", second=True)),
    ("KVITTERING", official.kvittering()),
]

SHAPES: list[tuple[str, type[EsasModel]]] = [
    ("overfoereSak", overfoere_sak.OverfoereSak),
    ("overfoereSak maven", overfoere_sak.OverfoereSak),
    ("DOMSAVGJOERELSE", domsavgjoerelse.Domsavgjoerelse),
    ("FULLBYRDELSESORDRE", fullbyrdelsesordre.Fullbyrdelsesordre),
    ("REKVISISJON_PERSONUNDERSOEKELSE", investigation.Rekvisisjon),
    ("RETUR_PERSONUNDERSOEKELSE", investigation.Retur),
    ("SIKTELSE_TILTALE", siktelse_tiltale.SiktelseTiltale),
    ("KVITTERING", Kvittering),
]


def test_every_message_has_its_contract_a_sample_of_these_tests_and_a_shape() -> None:
    kinds = {kind.value for kind in T}

    assert kinds <= set(SCHEMAS), f"SCHEMAS in tests/esas/contracts.py lacks {kinds - set(SCHEMAS)}"
    assert kinds <= {name for name, _ in BUILT}, (
        "BUILT in tests/esas/test_contracts.py has one from tests/esas/official.py"
    )
    assert kinds <= {name for name, _ in SHAPES}, "SHAPES in tests/esas/test_contracts.py"
    assert [name for name in SCHEMAS.values() if not path_of(name).exists()] == [], "tests/data/esas/schemas/ lacks one"
    assert kinds <= set(inbound.SUPPORTED) == set(inbound._MARKERS.values()), (
        "SUPPORTED, _MARKERS and _READERS in src/ungdom/esas/inbound/__init__.py have a row per message"
    )


def test_every_contract_of_a_message_that_comes_in_is_a_message_type() -> None:
    incoming = {name.removesuffix(" maven") for name in SCHEMAS if not name.startswith("oppdatertSaksstatus")}

    assert incoming == {kind.value for kind in T}, "MessageType in src/ungdom/esas/inbound/official.py"


@pytest.mark.parametrize(("name", "body"), BUILT, ids=[f"{place}-{name}" for place, (name, _) in enumerate(BUILT)])
def test_the_messages_of_these_tests_keep_their_contracts(name: str, body: dict[str, Any]) -> None:
    assert complaints(name, body) == []


def test_a_message_that_breaks_its_contract_is_seen_to() -> None:
    body = official.overfoere_sak(at="2025-06-18 09:30")

    assert [text.partition(":")[0] for text in complaints("overfoereSak", body)] == ["forsendelse.sendtTid"]


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.stem)
def test_a_published_sample_keeps_its_contract_but_for_one(path: Any) -> None:
    names = NAMES[path.stem.partition("-")[0]]
    broken = [name for name in names if complaints(name, sample(path.stem))]

    expected = ["oppdatertSaksstatus maven"] if path.stem.endswith("ungdomsplanSignert") else []
    assert broken == expected


NAMES = {
    "domsavgjoerelse": ["DOMSAVGJOERELSE"],
    "fullbyrdelsesordre": ["FULLBYRDELSESORDRE"],
    "kvittering": ["KVITTERING"],
    "oppdatertSaksstatus": ["oppdatertSaksstatus 1.0", "oppdatertSaksstatus maven"],
    "overfoereSak": ["overfoereSak", "overfoereSak maven"],
    "rekvisisjonPersonundersoekelse": ["REKVISISJON_PERSONUNDERSOEKELSE"],
    "returPersonundersoekelse": ["RETUR_PERSONUNDERSOEKELSE"],
    "siktelseTiltale": ["SIKTELSE_TILTALE"],
}


@pytest.mark.parametrize(("name", "shape"), SHAPES, ids=[name for name, _ in SHAPES])
def test_every_field_of_a_contract_is_known_where_its_object_is_read(name: str, shape: type[EsasModel]) -> None:
    assert list(_unknown(shape, schema(name), schema(name), "")) == []


def test_a_field_that_is_not_known_is_seen() -> None:
    contract = {"properties": {**schema("KVITTERING")["properties"], "prioritet": {"type": "string"}}}

    assert list(_unknown(Kvittering, contract, contract, "")) == ["/prioritet"]


def _unknown(shape: type[EsasModel], node: Any, root: Any, pointer: str) -> Iterator[str]:
    for name, inner in _properties(node, root).items():
        if name not in shape.model_fields:
            yield f"{pointer}/{name}"
            continue
        for nested in _shapes(shape.model_fields[name].annotation):
            yield from _unknown(nested, inner, root, f"{pointer}/{name}")


def _properties(node: Any, root: Any) -> dict[str, Any]:
    found = _resolved(node, root)
    found = _resolved(found["items"], root) if "items" in found else found
    return dict(found.get("properties", {}))


def _resolved(node: Any, root: Any) -> Any:
    ref = node.get("$ref")
    return root["definitions"][ref.rpartition("/")[2]] if ref else node


def _shapes(annotation: Any) -> Iterator[type[EsasModel]]:
    if isinstance(annotation, type) and issubclass(annotation, EsasModel):
        yield annotation
    for part in get_args(annotation):
        yield from _shapes(part)


@pytest.mark.parametrize("name", ["overfoereSak", "overfoereSak maven", *(kind.value for kind in T)])
def test_a_contract_is_told_by_a_field_that_it_requires_and_no_other_has(name: str) -> None:
    kind = T(name.removesuffix(" maven"))
    (marker,) = [marker for marker, of in inbound._MARKERS.items() if of is kind]
    others = [schema(other.value) for other in T if other is not kind]

    assert marker in schema(name)["required"]
    assert not any(marker in other["properties"] for other in others)
