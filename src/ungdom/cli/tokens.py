"""`ungdom token`: tokens of the development issuer."""

from datetime import timedelta
from typing import Annotated

import typer

from ungdom import clock
from ungdom.cli import offices
from ungdom.cli.terminal import AsJson, demo_settings, print_result
from ungdom.demo.people import subject_of
from ungdom.settings import BadSettings
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Actor, Role

YEAR = 24 * 365
"""Maximum lifetime of a token of the development issuer, in hours."""


def _lifetime(hours: float) -> float:
    if not 0 < hours <= YEAR:  # also refuses NaN
        raise BadSettings(f"--hours {hours:g} is not above 0 and at most {YEAR}, a year")
    return hours


def token(
    role: Annotated[Role, typer.Argument(help="The role of the token.")],
    konfliktrad: Annotated[
        str | None, typer.Option(help="Code of the konfliktråd, for example `oslo`.", callback=offices.known)
    ] = None,
    subject: Annotated[str | None, typer.Option(help="The subject of the token.")] = None,
    hours: Annotated[float, typer.Option(help=f"Lifetime in hours, at most {YEAR}, a year.", callback=_lifetime)] = 12,
    source: Annotated[str | None, typer.Option(help="With prosecution: name of the sending system.")] = None,
    authority: Annotated[
        list[Actor] | None, typer.Option(help="With prosecution: acts of this party. Repeatable.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print a token of the development issuer. The role prosecution is for a system that sends decisions."""
    from ungdom.api.http.tokens import Issuer

    issuer = Issuer(demo_settings())
    who = Viewer(role, subject or subject_of(role, konfliktrad), konfliktrad)
    issued = issuer.issue(who, clock.now(), timedelta(hours=hours), source, authority or ())
    print_result({"token": issued, "role": role, "subject": who.subject, "hours": hours}, issued, as_json)
