"""Reading claims: each is missing, or of the shape that it has to have."""

from typing import Any

from ungdom.api.http.auth.principal import BadToken

Claims = dict[str, Any]


def scopes_of(claim: Any) -> frozenset[str]:
    """The scopes in one string, parted by blanks (RFC 6749 § 3.3); none when there is no claim. Raises `BadToken`."""
    if claim is None:
        return frozenset()
    if not isinstance(claim, str):
        raise BadToken("scope is malformed")
    return frozenset(claim.split(" ")) - {""}


def claim_at(claims: Claims, path: tuple[str, ...]) -> Any:
    """What stands there, None when nothing does. `path`: names on the way into nested objects."""
    value: Any = claims
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def strings_at(claims: Claims, path: tuple[str, ...]) -> tuple[str, ...]:
    """One word or a list of them; none when nothing stands there. Raises `BadToken` for anything else."""
    value = claim_at(claims, path)
    words = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise BadToken(f"{'.'.join(path)} is malformed")
    return tuple(words)


def expiry_of(claims: Claims) -> int:
    """The whole second at which the token ends; its claims have been checked."""
    return int(claims["exp"])
