"""Whatever is done to an official message, it is read or refused: nothing else ever comes of it."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.data import ESAS
from tests.esas import official
from ungdom.esas import inbound
from ungdom.esas.inbound import BadOfficial, MessageType, OfficialMessage, guess, read
from ungdom.message import plain
from ungdom.message import read as read_ours

Json = dict[str, Any]
Place = tuple[str | int, ...]

BUILT: list[Json] = [
    official.overfoere_sak("US"),
    official.domsavgjoerelse(
        official.accused({"ungdomsstraff": official.sanction(), "fengsel": {"straff": {"antallAar": 1}}}),
        official.accused(None, ("FRIKJENT",), official.served(declared="ANKET"), second=True),
        earlier=official.ORDER,
    ),
    official.fullbyrdelsesordre(),
    official.rekvisisjon(),
    official.retur(),
    official.siktelse_tiltale("TILTALE", second=True),
    official.kvittering(),
]
PUBLISHED: list[Json] = [
    json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((ESAS / "samples").glob("*.json"))
    if not path.stem.startswith("oppdatertSaksstatus")
]
MESSAGES = [(guess(body), body) for body in [*BUILT, *PUBLISHED]]

STRANGE = [
    None, True, False, 0, -1, 10**30, 1.5, "", " ", "\x00", "\ud800", "æøå" * 300, [], {}, [[]], [None], {"": {}}, "{}",
    "2025-06-18", "0001-01-01", "9999-12-31", "0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-12:00", "2025-02-30",
    "2025-06-18T24:00:00Z", official.NUMBER, "١٧٨٥٠٩٩٨٠٢٧", official.DECISION, "FORTROLIG", "ANKET",
]  # fmt: skip
anything = st.recursive(
    st.sampled_from(STRANGE).map(deepcopy) | st.text(max_size=60) | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=6,
)


def places(node: Any, here: Place = ()) -> Iterator[Place]:
    """Every place in a message."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in inner:
        yield (*here, name)
        yield from places(value, (*here, name))


def remove(holder: Any, name: str | int, _draw: st.DrawFn) -> None:
    del holder[name]


def replace(holder: Any, name: str | int, draw: st.DrawFn) -> None:
    holder[name] = draw(anything)


def garble(holder: Any, name: str | int, draw: st.DrawFn) -> None:
    text = holder[name]
    if isinstance(text, str):
        cut = draw(st.integers(0, len(text)))
        holder[name] = text[:cut] + draw(st.text(max_size=5)) + text[draw(st.integers(cut, len(text))) :]


def add(holder: Any, name: str | int, draw: st.DrawFn) -> None:
    if isinstance(holder, list):
        holder.extend(deepcopy(holder[int(name)]) for _ in range(draw(st.integers(1, 4))))
    else:
        holder[draw(st.text(max_size=20))] = draw(anything)


def wrap(holder: Any, name: str | int, draw: st.DrawFn) -> None:
    inner = holder[name]
    holder[name] = [inner] if draw(st.booleans()) else {"verdi": inner}


CHANGES: list[Callable[[Any, str | int, st.DrawFn], None]] = [remove, replace, garble, add, wrap]


@st.composite
def mutated(draw: st.DrawFn) -> tuple[MessageType, Json]:
    """A message with up to six things done to it."""
    kind, body = draw(st.sampled_from(MESSAGES))
    body = deepcopy(body)
    for _ in range(draw(st.integers(1, 6))):
        every = list(places(body))
        if not every:
            break
        *above, name = draw(st.sampled_from(every))
        holder: Any = body
        for step in above:
            holder = holder[step]
        draw(st.sampled_from(CHANGES))(holder, name, draw)
    return kind, body


def tried(name: str, version: str | None, body: Any) -> OfficialMessage | BadOfficial:
    """What came of reading it; anything but a reading or a refusal is an error of the test."""
    try:
        return read(name, version, body, lambda who: f"{len(who)}")
    except BadOfficial as error:
        return error


@given(mutated())
def test_a_message_that_was_tampered_with_is_read_or_refused(told: tuple[MessageType, Json]) -> None:
    kind, body = told
    before = deepcopy(body)
    _is_whole(tried(kind, None, body))
    assert body == before


def _is_whole(found: OfficialMessage | BadOfficial) -> None:
    if isinstance(found, BadOfficial):
        assert 1 <= len(found.problems) <= inbound.MOST_PROBLEMS
        return
    assert (found.other is None) is bool(found.messages)
    assert all(read_ours(json.dumps(plain(message))) == message for message in found.messages)
    assert len({message.decision_id for message in found.messages}) == len(found.messages)
    assert len(found.flags) <= inbound.MOST_FLAGS + 1


@given(st.sampled_from(MESSAGES), anything)
def test_a_message_of_anything_is_read_or_refused(told: tuple[MessageType, Json], body: Any) -> None:
    kind, whole = told
    for asked in (body, {**whole, "forsendelse": body}, {"forsendelse": whole.get("forsendelse"), "x": body}):
        _is_whole(tried(kind, None, asked))


@given(mutated())
def test_the_shape_of_a_message_is_told_or_refused(told: tuple[MessageType, Json]) -> None:
    try:
        found = [guess(told[1]).value]
    except BadOfficial as error:
        found = [problem.kind for problem in error.problems]
    assert found == ["unknown_type"] or found[0] in set(MessageType)


@given(st.text(max_size=40), st.none() | st.text(max_size=20))
def test_headers_of_any_kind_are_taken_or_refused(name: str, version: str | None) -> None:
    _is_whole(tried(name, version, official.retur()))


def test_the_published_samples_are_among_them() -> None:
    assert len(PUBLISHED) == 11


def test_every_way_of_tampering_leaves_some_messages_readable() -> None:
    """The property above would hold of a reader that refuses everything."""
    assert all(read(kind, None, body) for kind, body in MESSAGES)
    holds = {True: 0, False: 0}
    for kind, body in MESSAGES:
        for place in places(body):
            copy = deepcopy(body)
            holder: Any = copy
            for step in place[:-1]:
                holder = holder[step]
            del holder[place[-1]]
            holds[_reads(kind, copy)] += 1

    assert min(holds.values()) > 100


def _reads(kind: MessageType, body: Json) -> bool:
    try:
        return bool(read(kind, None, body))
    except BadOfficial:
        return False
