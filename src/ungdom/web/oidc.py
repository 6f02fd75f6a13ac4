"""Sign-in by OpenID Connect: authorization code with PKCE and nonce, by Authlib.

The identity token is judged by the same checks as every other token.
"""

import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ungdom.api.http.auth import compose
from ungdom.api.http.auth.principal import BadToken, Principal
from ungdom.api.http.auth.verify import Verifier
from ungdom.lazy import lazy
from ungdom.settings import BadSettings, Settings
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.errors import CannotOpen

if TYPE_CHECKING:
    import httpx
    from authlib.oauth2 import base, client
else:
    httpx = lazy("httpx")
    base = lazy("authlib.oauth2.base")
    client = lazy("authlib.oauth2.client")

RETURN = "/sign-in/return"
RECORD = "sign-in under way"
MINUTES = timedelta(minutes=10)
"""How long signing in may take."""
SECONDS = 5.0
"""Seconds to wait for the issuer. Proxy and certificates are those of the access file, nothing of the environment."""


class SignInFailed(Exception):
    """The issuer could not be asked, or what it said does not hold. `reason` is for the log only."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """A sign-in under way, which only the browser holds, encrypted. `ends_at`: seconds since 1970.

    `earlier`: the secret of the session that the browser has while it begins. It comes back from the issuer, which is
    another site, without that cookie.
    """

    state: str
    nonce: str
    verifier: str
    target: str
    ends_at: float
    earlier: str | None


class _TokenEndpoint:
    """How Authlib sends its request for a token: by httpx, as the issuer is reached."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options

    def post(self, url: str, data: dict[str, str], headers: dict[str, str], auth: Any) -> "httpx.Response":
        """The answer of the issuer. `auth`: adds how the client says who it is."""
        address, with_auth, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return httpx.post(address, content=body, headers=with_auth, **self._options)


class OpenIdClient:
    """This service as a client of the issuer of the settings. Raises `BadSettings` for one that is not trusted."""

    def __init__(self, settings: Settings, keys: EncryptionKeys) -> None:
        name, client_id = str(settings.login_issuer), str(settings.login_client_id)
        file = settings.access_file
        issuer = compose.sign_in_issuer(file, settings.env, name, client_id) if file else None
        if issuer is None:
            raise BadSettings(f"UNGDOM_LOGIN_ISSUER: {settings.login_issuer} is no issuer of the access file")
        self._issuer, self._client_id = name, client_id
        self._options: dict[str, Any] = {"verify": issuer.trust, "proxy": issuer.proxy, "trust_env": False}
        self._options["timeout"] = SECONDS
        secret = settings.login_client_secret
        self._secret = "".join(secret) if secret else None
        self._return = settings.public_url + RETURN
        self._keys = keys
        self._verifier = Verifier((issuer.policy,))
        self._endpoints: dict[str, Any] = {}

    def begin(self, target: str, now: datetime, earlier: str | None) -> tuple[str, str]:
        """The address of the issuer to go to, and what the browser keeps meanwhile. Raises `SignInFailed`.

        `earlier`: the secret of its session, if it has one.
        """
        nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        address, state = self._client().create_authorization_url(
            self._endpoint("authorization_endpoint"), nonce=nonce, code_verifier=verifier
        )
        attempt = SignInAttempt(state, nonce, verifier, target, (now + MINUTES).timestamp(), earlier)
        sealed = self._keys.encrypt(json.dumps(asdict(attempt)).encode(), RECORD)
        return address, urlsafe_b64encode(sealed).decode()

    def redeem(self, sealed: str, state: str, code: str, now: datetime) -> tuple[str, SignInAttempt]:
        """The identity token that the issuer gives for this code, and the sign-in under way. Raises `SignInFailed`."""
        attempt = self._attempt(sealed)
        if not hmac.compare_digest(attempt.state.encode(), state.encode()) or attempt.ends_at <= now.timestamp():
            raise SignInFailed("another sign-in, or too late")
        try:
            token = self._client().fetch_token(
                self._endpoint("token_endpoint"),
                code=code,
                code_verifier=attempt.verifier,
                grant_type="authorization_code",
            )
        except (base.OAuth2Error, httpx.HTTPError, ValueError) as error:
            raise SignInFailed(f"no token: {type(error).__name__}") from None
        return str(token.get("id_token", "")), attempt

    async def judge(self, token: str, attempt: SignInAttempt, now: datetime) -> Principal:
        """For whom the identity token speaks. Raises `AccessError`."""
        principal = await self._verifier.check(token, now)
        if not hmac.compare_digest(_nonce_of(token), attempt.nonce.encode()):
            raise BadToken("nonce of another sign-in")
        return principal

    def _client(self) -> "client.OAuth2Client":
        return client.OAuth2Client(
            _TokenEndpoint(self._options),
            self._client_id,
            self._secret,
            scope="openid",
            redirect_uri=self._return,
            code_challenge_method="S256",
        )

    def _endpoint(self, name: str) -> str:
        """An address of the issuer, read from its configuration at the first use."""
        if not self._endpoints:
            try:
                address = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
                answer = httpx.get(address, **self._options).raise_for_status().json()
            except (httpx.HTTPError, ValueError) as error:
                raise SignInFailed(f"no configuration: {type(error).__name__}") from None
            if not isinstance(answer, dict) or answer.get("issuer") != self._issuer:
                raise SignInFailed("configuration of another issuer")
            self._endpoints = answer
        return str(self._endpoints.get(name, ""))

    def _attempt(self, sealed: str) -> SignInAttempt:
        try:
            return SignInAttempt(**json.loads(self._keys.decrypt(urlsafe_b64decode(sealed), RECORD)))
        except (CannotOpen, ValueError, TypeError):
            raise SignInFailed("no sign-in under way") from None


def _nonce_of(token: str) -> bytes:
    """The nonce in a token whose signature has been checked; empty without one."""
    body = token.split(".")[1]
    claims = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return str(claims.get("nonce", "")).encode()
