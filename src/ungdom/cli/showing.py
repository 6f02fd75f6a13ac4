"""`ungdom case`: a case on the screen, or the archive of a closed one in a file."""

from contextlib import closing
from typing import Annotated

import typer

from ungdom import clock
from ungdom.cli import archiving
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.reading import HISTORY, log_read
from ungdom.cli.terminal import AsJson, OnDemo, err, open_database, out, selected_settings
from ungdom.workflow.calendar import oslo_date

case_app = typer.Typer(no_args_is_help=True, help="Show a case, or write the archive of a closed one.")
case_app.command()(archiving.archive)


@case_app.command()
def show(
    case: Annotated[str, typer.Argument(help="Id or reference of the case.")],
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Show a case: its state, history and deadlines. Names are left out. That it was read is logged."""
    from ungdom.api.cases import present as views
    from ungdom.api.events.present import events_out

    config = selected_settings(on_demo)
    now = clock.now()
    with closing(open_database(config)) as db:
        with db.reading() as tx:
            read = archiving.case_named(tx, case, now)
        if read is None:
            err.print(f"ungdom: no case {case}", markup=False)
            raise typer.Exit(ExitCode.FOUND)
        log_read(db, "case show", {read.stored.case_id}, HISTORY)
    shown = views.case_out(read, None, "en", None)
    if as_json:
        out.print_json(shown.model_dump_json())
        return
    out.print(f"{shown.reference}  {shown.sanction_label}  {shown.konfliktrad}  {shown.state_label}")
    for event in events_out(read.stored, "en").items:
        late = (
            "" if oslo_date(event.recorded_at) == event.occurred_on else f"  (recorded {oslo_date(event.recorded_at)})"
        )
        out.print(f"{event.seq:>4}  {event.occurred_on}  {event.label}{late}")
    for deadline in views.deadlines_out(read, "en", None).items:
        out.print(f"      due {deadline.due}  {deadline.label}: {deadline.status}, {deadline.law}")
