"""A browser without a screen: it keeps cookies, says what a browser says of itself, and reads the forms of a page."""

import re
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
from starlette.responses import Response

from tests.api.issuing import Key, access_file, public
from tests.service import Clock, Service, settings_of
from ungdom.api.http.auth.principal import SCOPES, Principal
from ungdom.app import create_app
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

ACCESS = """
[[issuer]]
kind = "openid"
issuer = "{issuer}"
audience = "ungdom"
jwks_file = "keys.json"
algorithms = ["ES256"]

[issuer.people]
role = "role"
konfliktrad = "office"
subject = "sub"
scopes_from = "role"

[issuer.people.roles]
"coordinator" = "coordinator"
"""
"""An access file with one issuer, whose people have roles and offices by our own words."""


def openid_access(folder: Path, issuer: str, *keys: Key) -> Path:
    """An access file that trusts this issuer, whose keys lie beside it."""
    (folder / "keys.json").write_bytes(public(*keys))
    return access_file(folder, ACCESS.format(issuer=issuer))


class ProductionService(Service):
    """The service with the rules of production: nobody makes tokens for it."""

    def __init__(self, url: str, folder: Path, **settings: Any) -> None:
        self.clock = Clock()
        self.settings = settings_of(url, folder, env="production", **settings)
        self.app = create_app(self.settings, clock=self.clock)
        self.db = self.app.state.db
        self._employed = set()


SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
_KEY = re.compile(r'name="key" value="([^"]+)"')


@dataclass
class Visitor:
    """Somebody with a browser."""

    service: Service
    cookies: dict[str, str] = field(default_factory=dict)
    language: str = "nb"

    def get(self, path: str, **headers: str) -> httpx.Response:
        """A page."""
        return self._send("GET", path, headers=headers)

    def post(self, path: str, fields: dict[str, Any], headers: dict[str, str] | None = None) -> httpx.Response:
        """A form that is sent from a page of the service."""
        return self._send("POST", path, data=fields, headers=SAME_ORIGIN if headers is None else headers)

    def _send(self, method: str, path: str, **given: Any) -> httpx.Response:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Accept": "text/html", "Accept-Language": self.language, **given.pop("headers")}
        answer = self.service.send(method, path, headers={**headers, **({"Cookie": cookie} if cookie else {})}, **given)
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]
        return answer

    def sign_in(self, role: str, office: str | None = None, subject: str | None = None) -> "Visitor":
        """Signed in as this, whatever the page for that offers."""
        viewer = Viewer(Role(role), subject or (f"{role}-{office}" if office else role), office)
        self.service.employ(viewer)
        principal = Principal(viewer, frozenset(SCOPES[viewer.role]), 0)
        response = self.service.app.state.sessions.begin(principal, self.service.clock(), Response())
        self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(response.headers["set-cookie"]).items()}
        return self

    def key(self, path: str = "/today") -> str:
        """The key of a form of this page."""
        match = _KEY.search(self.get(path).text)
        assert match
        return unescape(match[1])
