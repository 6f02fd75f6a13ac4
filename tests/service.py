"""The service as a client meets it: over HTTP, on a real database, with a clock the test can turn."""

import shutil
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import count
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Self

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from tests import pg
from tests.one_thread import Portal
from ungdom.api.http.tokens import Issuer
from ungdom.app import create_app
from ungdom.settings import Settings
from ungdom.store import staff as staff_store
from ungdom.store.session import Database
from ungdom.store.staff import Staff
from ungdom.workflow.rules.permissions import Viewer, is_staff
from ungdom.workflow.vocabulary import Role

# httpx looks for it at every request to an app, through the whole path where it is not installed: it is not there.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

OFFICES = (
    "oslo", "ost", "innlandet", "sor-ost", "agder", "sor-vest", "vest", "more-og-romsdal", "trondelag", "nordland",
    "troms", "finnmark",
)  # fmt: skip
KEY = "UJ+Pf/puz574hCcqV0mmRUfKyJq5EAaUhOpCXWSCeWE="
CURSOR_KEY = "wwxdpO1MUHD/c5MclJQ0qLacPbTTQPCpugSaF8jPg2E="
EXTRACT_KEY = "8lLFZYpD9rgjwCPvjrll+/AgkTCUmpgpYJgRoNDmu4g="


def settings_of(url: str, folder: Path, env: str = "development", **more: Any) -> Settings:
    """Settings with the keys of the tests; outside development with what is required there as well."""
    required: dict[str, Any] = (
        {} if env == "development" else {"allow_sqlite": True, "public_url": "https://ungdom.test"}
    )
    named: dict[str, Any] = {
        "env": env,
        "database_url": url,
        "data_dir": folder,
        "people_keys": (KEY,),
        "cursor_key": CURSOR_KEY,
    }
    return Settings(**named | required | UNLIMITED | more)


UNLIMITED = dict.fromkeys(("subject_limit", "address_limit", "login_limit", "search_limit"), 10_000_000)
"""Requests a minute: a test may send in seconds what people send in a day. Tests of the limits set low ones."""
SENT_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": "tests"}

_CASES = count(1)


def employee(role: Role, subject: str, office: str | None, *, cleared: bool = False) -> Staff:
    """A member of staff in service since the first day of the law."""
    return Staff(
        subject=subject,
        konfliktrad=office,
        roles=(role,),
        display_name=subject,
        active_from=date(2014, 7, 1),
        cleared=cleared,
    )


def staff() -> list[Staff]:
    """A leader and two coordinators in every konfliktråd; the second coordinator is not cleared."""
    return [
        employee(role, f"{role}-{office}{number}", office, cleared=number != "-2")
        for office in OFFICES
        for role, number in ((Role.LEADER, ""), (Role.COORDINATOR, ""), (Role.COORDINATOR, "-2"))
    ]


def fill(url: str) -> None:
    """An empty service: schema, reference data, staff."""
    db = Database.open(url)
    db.upgrade()
    with db.writing() as tx:
        staff_store.save_staff(tx, staff())
    db.close()


def sqlite_copy(template: Path, folder: Path) -> str:
    """A database of its own, copied from a filled one."""
    shutil.copy(template, folder / "ungdom.sqlite")
    return pg.sqlite_url(folder)


@lru_cache(maxsize=1_000)
def _parsed(path: str) -> httpx.URL:
    return httpx.URL(path if path.startswith("http://") else f"http://ungdom.test{path}")


def _address(path: str, params: Any) -> httpx.URL:
    """The address of a path. Parsing one takes longer than many an answer: it is kept."""
    url = _parsed(path)
    return url.copy_merge_params(params) if params else url


@dataclass
class Clock:
    """A clock that stands still until it is turned; each reading is a moment later than the last."""

    instant: datetime = field(default_factory=lambda: datetime(2026, 1, 5, 11, tzinfo=UTC))

    def __call__(self) -> datetime:
        self.instant += timedelta(milliseconds=1)
        return self.instant

    def turn_to(self, day: date, hour: int = 11) -> None:
        """That day, at that hour UTC, unless it is there already."""
        there = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
        self.instant = max(there, self.instant) if self.instant.date() == day else there


class Service:
    """A running service, in this process."""

    def __init__(self, url: str, folder: Path, db: Database | None = None, **settings: Any) -> None:
        self.clock = Clock()
        self.settings = settings_of(url, folder, **{"extract_keys": (EXTRACT_KEY,), **settings})
        self.app = create_app(self.settings, clock=self.clock, db=db)
        self.issuer = Issuer(self.settings)
        self.db: Database = self.app.state.db
        self._employed: set[Viewer] = set()
        self._tokens: dict[tuple[Role, str | None, str], str] = {}

    @property
    def is_on_sqlite(self) -> bool:
        """Whether the database is SQLite; otherwise it is PostgreSQL."""
        return self.db.writer.dialect.name == "sqlite"

    def __enter__(self) -> Self:
        self.portal = Portal()
        self._transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.portal.close()
        self.app.state.figures.close()
        self.db.close()

    def token(self, role: Role, office: str | None = None, subject: str | None = None) -> str:
        """A token for that role, good for the whole test. Who has a role of the staff is in service from then on."""
        key = (role, office, subject or (f"{role}-{office}" if office else str(role)))
        self.employ(Viewer(role, key[2], office))
        if key not in self._tokens:
            who = Viewer(role, key[2], office)
            self._tokens[key] = self.issuer.issue(who, datetime(2014, 1, 1, tzinfo=UTC), timedelta(days=365 * 40))
        return self._tokens[key]

    def employ(self, who: Viewer) -> None:
        """Enter this person in the list of staff, or add this role and move them to this office; once per place."""
        if not is_staff(who) or who in self._employed:
            return
        self._employed = {one for one in self._employed if one.subject != who.subject} | {who}
        with self.db.writing() as tx:
            stored = staff_store.find(tx, who.subject)
            known = stored or employee(who.role, who.subject, who.konfliktrad)
            roles = known.roles if who.role in known.roles else (*known.roles, who.role)
            wanted = replace(known, roles=roles, konfliktrad=who.konfliktrad or known.konfliktrad)
            if wanted != stored:
                staff_store.save_staff(tx, [wanted])

    def send(self, method: str, path: str, **given: Any) -> httpx.Response:
        """One request as it is, without what a client adds for cookies, redirects and retries."""
        params, headers = given.pop("params", None), httpx.Headers(SENT_HEADERS)
        headers.update(given.pop("headers", None))
        request = httpx.Request(method, _address(path, params), headers=headers, **given)
        response: httpx.Response = self.portal.call(self._answer, request)
        return response

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        began = perf_counter()
        response = await self._transport.handle_async_request(request)
        await response.aread()
        response.request, response.elapsed = request, timedelta(seconds=perf_counter() - began)
        return response

    def as_(self, role: Role | str, office: str | None = None, subject: str | None = None) -> "Client":
        """A client signed in as this."""
        return Client(self, self.token(Role(role), office, subject))


@dataclass
class Client:
    """Somebody who is signed in."""

    service: Service
    token: str

    def get(self, path: str, **params: Any) -> httpx.Response:
        """GET."""
        return self._send("GET", path, params={k: v for k, v in params.items() if v is not None})

    def post(
        self, path: str, body: Any = None, etag: str | None = None, key: str | None = None, **more: Any
    ) -> httpx.Response:
        """POST with what belongs to it."""
        headers = {"If-Match": etag, "Idempotency-Key": key, **more.pop("headers", {})}
        return self._send("POST", path, json=body, headers={k: v for k, v in headers.items() if v}, **more)

    def _send(self, method: str, path: str, **given: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **given.pop("headers", {})}
        return self.service.send(method, path, headers=headers, **given)

    def record(
        self, case: str, kind: str, on: date | str, details: dict[str, Any] | None = None, **more: Any
    ) -> httpx.Response:
        """Record an event on the case as it stands now."""
        etag = self.get(f"/v1/cases/{case}").headers.get("ETag")
        return self.post(
            f"/v1/cases/{case}/events", {"type": kind, "occurred_on": str(on), "details": details or {}, **more}, etag
        )


def new_case(**changed: Any) -> dict[str, Any]:
    """A case to open, on a police case number of its own; the youth is invented."""
    person = {
        "given_name": "Vimsete",
        "family_name": "Vaffelpresse",
        "born": "2009-03-12",
        "guardians": [{"name": "Sindig Vaffelpresse"}],
    }
    body: dict[str, Any] = {
        "sanction": "youth_follow_up",
        "occurred_on": "2026-01-05",
        "konfliktrad": "oslo",
        "person": person,
        "police_case_numbers": [f"15434811{next(_CASES)}"],
        "offences": [{"on": "2026-01-02"}],
    }
    return body | changed


def routes_of(app: FastAPI, pages: bool = False) -> set[tuple[str, str]]:
    """Method and address of each route of the interface, or of each page."""
    return {
        (method, str(route.path))
        for route in iter_route_contexts(app.routes)
        for method in (getattr(route, "methods", None) or {"GET"}) - {"HEAD"}
        if getattr(route.endpoint, "__module__", "").startswith("ungdom.web.") is pages
    }
