"""A service with cases of every kind of sight, everybody who might ask for them, and, written by hand, who sees what.

Every youth has a name, a police case number and contacts of their own, so that whatever is said too much can be found
in an answer and told whose it is.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from tests.api.build import DAY, FOLLOW_UP, STAGES, recorded
from tests.intake import making
from tests.service import Client, Service, new_case
from ungdom.alerts.sweep import sweep
from ungdom.store import alerts

MUNICIPALITY = "0301"

VIEWERS: dict[str, tuple[str, str | None, str | None]] = {
    "mine": ("coordinator", "oslo", "coordinator-oslo"),  # the one assigned
    "colleague": ("coordinator", "oslo", "coordinator-oslo-2"),
    "leader": ("leader", "oslo", None),
    "theirs": ("coordinator", "troms", "coordinator-troms"),
    "their_leader": ("leader", "troms", None),
    "secretariat": ("secretariat", None, None),
    "on_team": ("team_member", None, "teacher-7"),
    "off_team": ("team_member", None, "teacher-8"),
    "prosecution": ("prosecution", "oslo", None),
    "their_prosecution": ("prosecution", "troms", None),
    "analyst": ("analyst", None, None),
    "auditor": ("auditor", None, None),
    "admin": ("admin", None, None),
}
"""Everybody who asks: role, konfliktråd and subject."""

_OFFICE = {"mine", "colleague", "leader", "secretariat"}
_THERE = {"theirs", "their_leader", "secretariat"}


@dataclass(frozen=True)
class Kind:
    """A kind of case, and who sees it; who learns how the youth is reached; who is told in lists where they belong."""

    protection: str
    sees: set[str]
    reaches: set[str]
    placed: set[str]


def _open(sees: set[str], reaches: set[str]) -> Kind:
    """Nothing is protected: whoever sees it is told where it is, in lists as well."""
    return Kind("none", sees, reaches, sees)


def _kept(protection: str, sees: set[str], reaches: set[str], *placed: str) -> Kind:
    return Kind(protection, sees, reaches, {*reaches, *placed})


CONFIDENTIAL, STRICT = "confidential", "strictly_confidential"
KINDS: dict[str, Kind] = {
    # carried out by the coordinator, with a team
    "open": _open({*_OFFICE, "on_team"}, {"mine", "colleague", "leader"}),
    "confidential": _kept(CONFIDENTIAL, {*_OFFICE, "on_team"}, {"mine", "leader"}),
    "strict": _kept(STRICT, {"mine", "leader", "secretariat", "on_team"}, {"mine", "leader"}),
    # opened by the colleague, assigned to nobody
    "new": _open({*_OFFICE, "prosecution"}, {"mine", "colleague", "leader"}),
    "new_confidential": _kept(CONFIDENTIAL, {*_OFFICE, "prosecution"}, {"leader"}, "colleague"),
    "new_strict": _kept(STRICT, {"colleague", "leader", "secretariat"}, {"leader"}, "colleague"),
    # a transfer has been decided, and not been accepted
    "leaving": _open({*_OFFICE, "on_team", "their_leader"}, {"mine", "colleague", "leader"}),
    "leaving_strict": _kept(STRICT, {"mine", "leader", "secretariat", "on_team", "their_leader"}, {"mine", "leader"}),
    # it has been accepted
    "moved": _open({*_THERE, "on_team"}, {"theirs", "their_leader"}),
    "moved_confidential": _kept(CONFIDENTIAL, {*_THERE, "on_team"}, {"their_leader"}),
    "moved_strict": _kept(STRICT, {"their_leader", "secretariat", "on_team"}, {"their_leader"}),
    # opened by a message of a prosecution system
    "sent": _open({*_OFFICE, "prosecution"}, {"mine", "colleague", "leader"}),
    "sent_confidential": _kept(CONFIDENTIAL, {*_OFFICE, "prosecution"}, {"leader"}),
    "sent_strict": _kept(STRICT, {"leader", "secretariat"}, {"leader"}),
}
"""frl § 10-4, krl §§ 9, 13, 26; decision 0013. The prosecution sees while something is decided, the team no name."""

MESSAGES: dict[str, set[str]] = {
    "sent": {*_OFFICE, "prosecution"},
    "sent_confidential": {*_OFFICE, "prosecution"},
    "sent_strict": {"leader", "secretariat", "prosecution"},
    "parked": {"secretariat", "prosecution"},
}
"""Who knows of a message: the system that sent it, and whoever sees the case. One that nobody can place is for few."""

NAMES = dict(
    zip(
        [*KINDS, "parked"],
        [
            *("Sykkelpumpe", "Oppvaskbørste", "Regnjakke", "Kaffekopp", "Blyantspisser", "Brødkniv", "Teskje"),
            *("Gardinstang", "Lysbryter", "Paraplystativ", "Skohorn", "Postkasselokk", "Nøkkelhullet"),
            *("Trappestige", "Stolputekant"),
        ],
        strict=True,
    )
)
"""The family name of the youth of each kind."""


@dataclass(frozen=True)
class Secrets:
    """What identifies one case, and what its youth is called and reached by."""

    id: str
    reference: str
    name: str
    number: str
    contacts: tuple[str, str]


@dataclass(frozen=True)
class World:
    """The service with its cases. `messages`, `official`: ids of messages by what they are about.

    `feed`: the calendar feed of the one called mine.
    """

    service: Service
    cases: dict[str, Secrets]
    messages: dict[str, str]
    official: str
    alerts: dict[str, str]
    feed: str

    def as_(self, viewer: str) -> Client:
        return self.service.as_(*VIEWERS[viewer])


def made(service: Service) -> World:
    """Everything told over HTTP, by those who may."""
    world = World(service, {}, {}, _official(service), {}, _feed(service))
    for kind in KINDS:
        case = _sent(world, kind) if kind.startswith("sent") else _told(world, kind)
        found = service.as_("secretariat").get(f"/v1/cases/{case}").json()
        world.cases[kind] = Secrets(case, found["reference"], NAMES[kind], _number(kind), _contacts(kind))
    _parked(world)
    _alerted(world)
    return world


def _alerted(world: World) -> None:
    """A night in summer: every case has a clock that somebody is told of."""
    sweep(world.service.db, date(2026, 6, 1), world.service.clock)
    with world.service.db.reading() as tx:
        for kind, case in world.cases.items():
            world.alerts[kind] = str(alerts.live(tx, [UUID(case.id)])[0].alert_id)


def _told(world: World, kind: str) -> str:
    opener, leader = ("colleague" if kind.startswith("new") else "mine"), world.as_("leader")
    client = world.as_(opener)
    done = client.post("/v1/cases", _case(kind))
    assert done.status_code == 201, done.text
    case = str(done.json()["id"])
    if kind.startswith("new"):
        return case
    for event, details in FOLLOW_UP[: STAGES["executing"]]:
        recorded(leader if event == "assigned" else client, case, event, DAY, details)
    recorded(client, case, "team_member_joined", DAY, {"member": "teacher-7", "agency": "school"})
    if kind.startswith(("leaving", "moved")):
        where = {"to": "troms", "parties_heard": True, "prosecution_told_on": DAY}
        recorded(leader, case, "transfer_decided", DAY, where)
    if kind.startswith("moved"):
        recorded(world.as_("secretariat"), case, "transfer_accepted", DAY, {"keeps": ["teacher-7"]})
    return case


def _sent(world: World, kind: str) -> str:
    message = making.cases(1, len(KINDS))[_place(kind)][0]
    message["police_case_numbers"] = [_number(kind)]
    message["opening"]["municipality"] = MUNICIPALITY
    message["person"] |= _reached(kind)
    done = world.as_("prosecution").post("/v1/decisions", message)
    assert done.status_code == 201, done.text
    world.messages[kind] = done.json()["id"]
    return str(done.json()["case"]["id"])


def _parked(world: World) -> None:
    """A message about a case that nobody knows."""
    message: dict[str, Any] = making.cases(2, 1)[0][0] | {"kind": "became_final", "decision_id": "parked", "terms": {}}
    del message["opening"]
    message["police_case_numbers"] = [_number("parked")]
    message["person"] |= _reached("parked", STRICT)
    done = world.as_("prosecution").post("/v1/decisions", message)
    assert done.status_code == 202, done.text
    world.messages["parked"] = done.json()["id"]


def _official(service: Service) -> str:
    """An official message that follows no contract: kept, and answered so."""
    body = {"meldingsId": "11111111-1111-4111-8111-111111111111"}
    done = service.as_(*VIEWERS["prosecution"]).post("/v1/esas/messages", body)
    assert done.status_code == 200, done.text
    return done.headers["Location"].rpartition("/")[2]


def _feed(service: Service) -> str:
    done = service.as_(*VIEWERS["mine"]).post("/v1/calendar-feeds")
    assert done.status_code == 201, done.text
    return str(done.json()["id"])


def _case(kind: str) -> dict[str, Any]:
    person = {"born": "2009-03-12", "given_name": "Vimsete", **_reached(kind, KINDS[kind].protection)}
    return new_case(
        person=person, municipality=MUNICIPALITY, konfliktrad=None, police_case_numbers=[_number(kind)], occurred_on=DAY
    )


def _reached(kind: str, protection: str | None = None) -> dict[str, Any]:
    """Name, protection and contacts of the youth of that kind."""
    youth, guardian = _contacts(kind)
    return {
        "family_name": NAMES[kind],
        "protection": protection or KINDS[kind].protection,
        "contact": youth,
        "guardians": [{"name": f"Sindig {NAMES[kind]}", "contact": guardian}],
    }


def _place(kind: str) -> int:
    return list(NAMES).index(kind)


def _number(kind: str) -> str:
    return str(91_000_000 + _place(kind))


def _contacts(kind: str) -> tuple[str, str]:
    return f"+47 000 {61_000 + _place(kind)}", f"+47 000 {62_000 + _place(kind)}"
