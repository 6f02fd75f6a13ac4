"""What goes wrong, as exceptions.

ClientError
├── NotReached             no answer: network, name, timeout
├── NotAuthenticated       no token was to be had
└── Problem                the service answered with a problem (RFC 9457)
├── Unauthenticated    401
├── Forbidden          403
├── NotFound           404, 410
├── Refused            409: what the law does not allow now; `unmet` says why and what would help
├── VersionOutdated    412: somebody else was faster
├── Invalid            400, 413, 415, 422: `errors` has every place
├── TooManyRequests    429
└── Unavailable        5xx
"""

from __future__ import annotations

from typing import Any, cast

import httpx

from ungdom_client import models


class ClientError(Exception):
    """Every exception of this client."""


class NotReached(ClientError):
    """The service did not answer, however often it was asked. It is not known whether a write was carried out."""


class NotAuthenticated(ClientError):
    """The issuer gave no token."""


class Problem(ClientError):
    """A problem in the words of the service. `code` is stable, `detail` is for people.

    `problem`: all of it, as it was sent. `trace_id`: name it when you report an error.
    """

    def __init__(self, status: int, problem: models.ProblemOut) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.problem = problem
        self.code: str = str(problem.get("code", ""))
        self.detail: str = str(problem.get("detail", ""))
        self.trace_id: str | None = cast("str | None", cast("dict[str, Any]", problem).get("trace_id"))

    @property
    def unmet(self) -> list[models.UnmetOut]:
        """The conditions that are not met, each with its paragraph of law and what would help."""
        return list(self.problem.get("unmet") or [])

    @property
    def errors(self) -> list[models.FieldProblem]:
        """Every place of the request that is wrong."""
        return list(self.problem.get("errors") or [])


class Unauthenticated(Problem):
    """The token is not believed, or has expired."""


class Forbidden(Problem):
    """The caller's role or scope does not allow it."""


class NotFound(Problem):
    """There is no such thing, or the caller may not see it."""


class Refused(Problem):
    """It is not allowed as things stand: `unmet`."""


class VersionOutdated(Problem):
    """Somebody has changed it since it was read. `etag`: of how it stands now."""

    @property
    def etag(self) -> str | None:
        """The version to be named with the next attempt, once the changes have been looked at."""
        return self.problem.get("current_etag")

    @property
    def events_since(self) -> list[models.EventLineOut]:
        """What has happened since."""
        return list(self.problem.get("events_since") or [])


class Invalid(Problem):
    """The request is not as it has to be: `errors`."""


class TooManyRequests(Problem):
    """The limit of requests, still after waiting."""


class Unavailable(Problem):
    """The service cannot answer now, still after waiting; or it has a fault."""


_KINDS: dict[int, type[Problem]] = {
    400: Invalid,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Refused,
    410: NotFound,
    412: VersionOutdated,
    413: Invalid,
    415: Invalid,
    422: Invalid,
    429: TooManyRequests,
}
_SERVER_ERRORS = 500


def problem_of(response: httpx.Response) -> Problem:
    """The exception of an answer that is no success; also of a proxy that answers without problem details."""
    try:
        said = response.json()
    except ValueError:
        said = None
    if not isinstance(said, dict):
        said = {"code": "", "detail": f"{response.status_code} {response.reason_phrase}"}
    usual = Unavailable if response.status_code >= _SERVER_ERRORS else Problem
    return _KINDS.get(response.status_code, usual)(response.status_code, cast("models.ProblemOut", said))
