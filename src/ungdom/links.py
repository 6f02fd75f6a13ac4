"""Addresses that people are given, below the public address of the installation: the one place that builds them.

Each starts with `UNGDOM_PUBLIC_URL`. What a person opens is a page; systems read `/v1`.
"""


def case_page(public_url: str, case_id: object) -> str:
    """The page of a case."""
    return f"{public_url}/cases/{case_id}"


def alert_page(public_url: str, alert_id: object) -> str:
    """The page of an alert."""
    return f"{public_url}/delays/{alert_id}"


def survey_page(public_url: str, token: str) -> str:
    """The page of a survey, for whoever has its token."""
    return f"{public_url}/survey/{token}"


def sandbox_page(public_url: str) -> str:
    """The page of a sandbox."""
    return f"{public_url}/sandbox"


def calendar_feed(public_url: str, secret: str) -> str:
    """The address of a calendar, for a calendar program."""
    return f"{public_url}/v1/calendar/{secret}.ics"


def case_resource(public_url: str, case_id: object) -> str:
    """The case in the interface, for systems."""
    return f"{public_url}/v1/cases/{case_id}"


def emergency_accesses(public_url: str) -> str:
    """The list in which an emergency access is reviewed. It has no page yet."""
    return f"{public_url}/v1/emergency-access"
