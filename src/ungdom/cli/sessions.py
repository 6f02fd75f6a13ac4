"""`ungdom sessions`: the signed-in browsers, and ending the sessions of one person or of everybody."""

from contextlib import closing
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import typer

from ungdom import clock
from ungdom.cli.reading import operator
from ungdom.cli.terminal import AsJson, OnDemo, open_database, print_counts, print_rows, selected_settings
from ungdom.settings import BadSettings
from ungdom.store import web_sessions
from ungdom.store.ids import uuid7
from ungdom.store.web_sessions import SessionEnd

sessions_app = typer.Typer(no_args_is_help=True, help="Signed-in browsers of the pages: list, end.")

Subject = Annotated[str | None, typer.Option(help="Only this person: the subject, as it stands in their token.")]


@sessions_app.command(name="list")
def list_sessions(
    subject: Subject = None,
    ended: Annotated[bool, typer.Option("--ended", help="What was ended by the command `end`.")] = False,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """List the signed-in browsers by person: role, konfliktråd, sign-in, last use and latest end, in UTC."""
    settings = selected_settings(on_demo)
    idle = timedelta(minutes=settings.session_idle_minutes)
    with closing(open_database(settings)) as db, db.reading() as tx:
        entries: list[Any] = (
            [end for end in web_sessions.all_ends(tx) if subject is None or end.subject in (None, subject)]
            if ended
            else web_sessions.all_sessions(tx, subject, clock.now(), idle)
        )
    rows = [
        {name: ("" if value is None else str(value)) for name, value in asdict(entry).items() if name != "scopes"}
        for entry in entries
    ]
    layout = "{subject:<28} {role:<12} {konfliktrad:<16} since {created_at}  used {seen_at}  until {ends_at}"
    print_rows(rows, "{ended_at}  {subject:<28} {sessions} ended by {ended_by}" if ended else layout, as_json)


@sessions_app.command()
def end(
    subject: Subject = None,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody: after a suspected theft of sessions.")] = False,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """End the sessions of one person (--subject) or of everybody (--all) at once; recorded in the hash chain."""
    if (subject is None) is not everybody:
        raise BadSettings("name one person with --subject, or everybody with --all")
    now = clock.now()
    with closing(open_database(selected_settings(on_demo))) as db, db.writing() as tx:
        count = web_sessions.end_all(tx, subject)
        done = SessionEnd(end_id=uuid7(now), subject=subject, sessions=count, ended_at=now, ended_by=operator())
        web_sessions.add_end(tx, done)
    print_counts({"ended": count}, as_json)
