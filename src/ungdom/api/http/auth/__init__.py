"""Authentication: trusted issuers, their keys, token verification, and the principal of a token. See docs/access.md."""
