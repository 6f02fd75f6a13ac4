"""A token that holds lets in who has a place here, with what the place allows; who has none is told so: 403."""

from dataclasses import replace
from typing import Any

import anyio
import httpx
import pytest
from sqlalchemy import select

from tests.api.build import assert_problem
from tests.api.issuing import EXTRACTS, POLICE, STRANGER, SUPPLIER, consumer, signed
from tests.api.trusting import (
    MACHINE,
    NO_PLACE,
    NO_ROLE,
    NOW,
    PERSON,
    PID,
    SECONDS,
    STAFF,
    Place,
    person,
    system,
)
from ungdom import texts
from ungdom.api.http.auth import compose
from ungdom.api.http.auth.file import PersonClaimMapping
from ungdom.api.http.auth.people import person_principal
from ungdom.api.http.auth.principal import BadToken, NotLetIn
from ungdom.api.http.tokens import ADMIN, DECISIONS, PREFIX, READ, STATUS, WRITE, Principal
from ungdom.api.http.tokens import EXTRACTS as EXTRACTS_READ
from ungdom.store.schema import inbox
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Actor, Role


def explained(answer: httpx.Response, code: str) -> None:
    assert_problem(answer, 403, code)
    again = 'Bearer realm="ungdom", error="insufficient_user_authentication"' if code == "login_level_too_low" else None
    assert answer.headers.get("WWW-Authenticate") == again


@pytest.mark.parametrize(("changed", "code"), NO_PLACE.values(), ids=NO_PLACE)
def test_a_system_that_nobody_let_in_is_told_so(here: Place, changed: dict[str, Any], code: str) -> None:
    explained(here.ask(signed(MACHINE, system(**changed))), code)


@pytest.mark.parametrize(("changed", "code"), NO_ROLE.values(), ids=NO_ROLE)
def test_a_person_without_a_place_is_told_so(here: Place, changed: dict[str, Any], code: str) -> None:
    explained(here.ask(signed(STAFF, person(**changed))), code)


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_who_is_not_let_in_is_told_in_their_language(here: Place, language: texts.Language) -> None:
    token = signed(MACHINE, system(consumer=consumer(STRANGER)))
    answer = here.ask(token, **{"Accept-Language": language})
    told = texts.catalogue(language)["problem"]
    assert answer.headers["Content-Language"] == language
    assert answer.json()["title"] == told["organisation_not_let_in.title"]
    assert answer.json()["detail"] == told["organisation_not_let_in.detail"]


BENT_SCOPES = [
    READ[:-1],
    f"{READ}.all",
    f"{PREFIX}cases",
    f"{PREFIX}cases.readwrite",
    READ.upper(),
    f"{PREFIX}*",
    PREFIX,
    f"{READ},{WRITE}",
    f"{READ}\t{WRITE}",
    "",
]


@pytest.mark.parametrize("scope", BENT_SCOPES)
def test_a_scope_is_the_whole_word_or_none(here: Place, scope: str) -> None:
    assert_problem(here.ask(signed(MACHINE, system(scope=scope))), 403, "insufficient_scope")
    assert_problem(here.ask(signed(STAFF, person(scope=scope))), 403, "insufficient_scope")


def test_nobody_is_given_more_than_their_place_allows(here: Place) -> None:
    every = " ".join([READ, WRITE, DECISIONS, STATUS, EXTRACTS_READ, f"{PREFIX}admin"])
    police = signed(MACHINE, system(consumer=consumer(POLICE), scope=every))
    analyst = signed(MACHINE, system(consumer=consumer(EXTRACTS), scope=every))
    assert_problem(here.ask(police), 403, "insufficient_scope")
    assert_problem(here.ask(analyst), 403, "forbidden_role")


def test_a_number_in_a_maskinporten_token_logs_nobody_in(here: Place) -> None:
    """Also when the rest of the token looks like a person's."""
    person_like = {name: PERSON[name] for name in ("acr", "realm_access", "office", "authorization_details", "sub")}
    told = system(pid=PID, **person_like, consumer=consumer(POLICE), scope=f"{READ} {WRITE}")
    assert_problem(here.ask(signed(MACHINE, told)), 403, "insufficient_scope")
    stranger = system(pid=PID, **person_like, consumer=consumer(STRANGER))
    explained(here.ask(signed(MACHINE, stranger)), "organisation_not_let_in")


# --- who it is ----------------------------------------------------------------------------------------------


def principal(here: Place, token: str) -> Principal:
    return anyio.run(compose.verifier(here.service.settings).check, token, NOW)


def test_a_system_is_its_organisation_and_not_who_carries_its_token(here: Place) -> None:
    told = system(consumer=consumer(POLICE), supplier=consumer(SUPPLIER), scope=f"{DECISIONS} {WRITE} x", pid=PID)
    assert principal(here, signed(MACHINE, told)) == Principal(
        viewer=Viewer(Role.PROSECUTION, "system:straffesak", None),
        scopes=frozenset({DECISIONS}),
        expires_at=SECONDS + 600,
        source="straffesak",
        authorities=frozenset({Actor.POLICE, Actor.PROSECUTION}),
        organisation=POLICE,
        supplier=SUPPLIER,
        client="5f7b1f54-client",
    )


def test_a_system_may_have_an_office_or_another_role(here: Place) -> None:
    court = principal(here, signed(MACHINE, system()))
    assert (court.viewer.konfliktrad, court.supplier) == ("oslo", None)
    analyst = principal(here, signed(MACHINE, system(consumer=consumer(EXTRACTS), scope=EXTRACTS_READ)))
    assert (analyst.viewer, analyst.authorities) == (Viewer(Role.ANALYST, "system:statistics", None), frozenset())


def test_a_person_has_role_office_and_no_authorities(here: Place) -> None:
    assert principal(here, signed(STAFF, person(client_id=PID))) == Principal(
        viewer=Viewer(Role.COORDINATOR, "coordinator-oslo", "oslo"),
        scopes=frozenset({READ, WRITE}),
        expires_at=SECONDS + 600,
        source="api",
    )


def test_a_decision_is_kept_under_the_name_of_the_system_that_sent_it(here: Place) -> None:
    token = signed(MACHINE, system(consumer=consumer(POLICE), scope=DECISIONS))
    message = {
        "kind": "dropped",
        "decision_id": "d-1",
        "version": 1,
        "sent_at": "2026-01-05T10:00:00+01:00",
        "occurred_on": "2026-01-05",
        "police_case_numbers": ["15434811"],
    }
    headers = {"Authorization": f"Bearer {token}"}
    answer = here.service.send("POST", "/v1/decisions", json=message, headers=headers)
    assert answer.status_code == 202, answer.text
    with here.service.db.reading() as tx:
        kept = tx.execute(select(inbox.decision.c.source, inbox.decision.c.authorities)).one()
    assert kept.source == "straffesak"
    assert set(kept.authorities.split()) == {"police", "prosecution"}


# --- what the claims of a person mean -----------------------------------------------------------------------

OFFICES = frozenset({"oslo", "vest"})
WRITTEN = PersonClaimMapping(role=("roles",), konfliktrad=("office",), roles={"K": Role.COORDINATOR, "L": Role.LEADER})
CLAIMS: dict[str, Any] = {"sub": "a", "roles": "K", "office": "oslo", "scope": READ, "exp": 2e9}


def meant(changed: dict[str, Any], **written: Any) -> Principal:
    return person_principal(replace(WRITTEN, **written), OFFICES, CLAIMS | changed)


@pytest.mark.parametrize(
    ("roles", "role"),
    [("K", "coordinator"), (["L"], "leader"), (["L", "K"], "coordinator"), (["x", "L", ""], "leader")],
)
def test_the_first_row_that_fits_gives_the_role(roles: Any, role: str) -> None:
    assert meant({"roles": roles}).viewer.role == role


def test_the_order_of_the_rows_decides() -> None:
    rows = {"L": Role.LEADER, "K": Role.COORDINATOR}
    assert meant({"roles": ["K", "L"]}, roles=rows).viewer.role is Role.LEADER


def test_a_national_role_has_no_office_whatever_the_token_says() -> None:
    rows = {"S": Role.SECRETARIAT, "T": Role.TEAM_MEMBER, "P": Role.PROSECUTION}
    assert meant({"roles": "S"}, roles=rows).viewer.konfliktrad is None
    assert meant({"roles": "T", "office": 7}, roles=rows).viewer.konfliktrad is None
    assert meant({"roles": "P"}, roles=rows).viewer.konfliktrad == "oslo"
    with pytest.raises(NotLetIn):
        meant({"roles": "P", "office": None}, roles=rows)


def test_an_office_is_translated_or_is_our_own_code() -> None:
    assert meant({"office": "1001"}, offices={"1001": "vest"}).viewer.konfliktrad == "vest"
    assert meant({"office": ["vest", "elsewhere"]}).viewer.konfliktrad == "vest"
    assert meant({"office": ["vest", "1001"]}, offices={"1001": "vest"}).viewer.konfliktrad == "vest"


def test_scopes_come_from_the_token_or_from_the_role_and_never_beyond_it() -> None:
    assert meant({"scope": f"{READ} {ADMIN} {DECISIONS}"}).scopes == {READ}
    assert meant({"scope": None}).scopes == frozenset()
    assert meant({"scope": None}, scopes_from="role").scopes == {READ, WRITE, STATUS}
    assert meant({"scp": READ}, scope=("scp",)).scopes == {READ}


def test_people_of_two_issuers_are_kept_apart() -> None:
    assert meant({}, subject_prefix="ad:").viewer.subject == "ad:a"
    assert meant({"oid": "b"}, subject=("oid",)).viewer.subject == "b"
    with pytest.raises(BadToken):
        meant({"sub": "x" * 253}, subject_prefix="ad:x")


def test_without_a_level_or_an_authorization_asked_for_none_is_needed() -> None:
    assert meant({"acr": None}).viewer.subject == "a"
