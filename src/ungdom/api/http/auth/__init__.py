"""Who is let in: trusted issuers, their keys, the checks of a token, and whom it speaks for. See docs/access.md."""
