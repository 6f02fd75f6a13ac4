"""The commands. Each is imported when it is called: `ungdom.cli.lazy_commands`."""

from ungdom.cli import interrupts

interrupts.end_at_once()  # before the imports below

import sys

import typer

from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.lazy_commands import LazyCommand, group_of

interrupts.raise_again()

ABOUT = """Cases of ungdomsstraff and ungdomsoppfølging: service, database, statistics.

`ungdom demo --serve` starts it with invented people.

Exit codes: 0 success, 1 something was found, 2 wrong call or settings, 3 database not usable, 70 a fault of the
program, 71 refused by the system, 130 interrupted. `ungdom doctor` looks for what is wrong and says what to do."""

COMMANDS = (
    LazyCommand(
        "check",
        "ungdom.cli.checking:check",
        "Run the integrity checkers, which docs/operations.md describes. Exit code 1 when something was found.",
    ),
    LazyCommand(
        "doctor",
        "ungdom.cli.doctor:doctor",
        "Look at settings, keys, database, migration, clock, mail, issuers, disk and the last night. Changes nothing.",
    ),
    LazyCommand(
        "conformance",
        "ungdom.cli.conforming:conformance",
        "Send a service decisions about people who do not exist, and report what it answers otherwise than documented.",
    ),
    LazyCommand(
        "sandbox",
        "ungdom.cli.sandbox:sandbox",
        "Serve invented cases with a clock that can be moved, faults to order and messages to send: docs/sandbox.md.",
    ),
    LazyCommand(
        "migrate-cases",
        "ungdom.cli.migrating:migrate_cases",
        "Move open cases to a newer version of the table, each in its own transaction. A repeated run continues.",
    ),
    LazyCommand(
        "demo",
        "ungdom.cli.demo:demo",
        "Generate a synthetic case load since July 2014, with invented people, and a token for each role.",
    ),
    LazyCommand(
        "nightly",
        "ungdom.cli.nightly:nightly",
        "Run the nightly jobs: alerts and the other steps. Missed nights are run first, in order.",
    ),
    LazyCommand(
        "indicators",
        "ungdom.cli.figures:indicators",
        "Indicators of the strategy for a period, by konfliktråd and for the country. Exact: not for publication.",
    ),
    LazyCommand(
        "caseload",
        "ungdom.cli.figures:caseload",
        "Open cases by coordinator, phase, sanction and weight; received, closed and expected cases; warnings.",
    ),
    LazyCommand(
        "extract",
        "ungdom.cli.extracting:extract",
        "Write an extract with its manifest and dictionary. Exit code 1 when it cannot be made or rebuilt.",
    ),
    LazyCommand(
        "extracts",
        "ungdom.cli.extracting:extracts",
        "List every extract and the purposes of this installation. With --json: the schemas.",
    ),
    LazyCommand(
        "subject-access",
        "ungdom.cli.retaining:subject_access",
        "Write everything that is stored about a person to a file for them. That it was made is logged.",
    ),
    LazyCommand(
        "protect-output",
        "ungdom.cli.outputs:protect_output",
        "Suppress small counts, and others beside them, in the table of an analysis before it leaves the office.",
    ),
    LazyCommand("releases", "ungdom.cli.releasing:releases", "List the releases, the newest first."),
    LazyCommand(
        "serve",
        "ungdom.cli.serving:serve",
        "Serve the API and its documentation. The schema must be current: run `ungdom db upgrade` first.",
    ),
    LazyCommand(
        "token",
        "ungdom.cli.tokens:token",
        "Print a token of the development issuer. The role prosecution is for a system that sends decisions.",
    ),
    LazyCommand(
        "deliver",
        "ungdom.cli.delivering:deliver",
        "Send the official messages that are due. Exit code 1 when some were given up, or have waited too long.",
    ),
    LazyCommand(
        "worker",
        "ungdom.cli.delivering:worker",
        "Deliver official messages and notices and receive messages, until stopped (SIGTERM, Ctrl-C).",
    ),
    LazyCommand("openapi", "ungdom.cli.generating:openapi", "Print the OpenAPI document."),
    LazyCommand(
        "docs",
        "ungdom.cli.generating:docs",
        "Regenerate the files below docs and openapi of a source checkout, and print their names.",
    ),
    LazyCommand(
        "db",
        "ungdom.cli.database:db_app",
        "The database: upgrade, check and rebuild it; its roles; back it up and restore it.",
    ),
    LazyCommand("case", "ungdom.cli.showing:case_app", "Show a case, or write the archive of a closed one."),
    LazyCommand(
        "import", "ungdom.cli.importing:import_app", "Decisions of prosecution systems, and cases of other systems."
    ),
    LazyCommand("keys", "ungdom.cli.keys:keys_app", "Keys of an installation: docs/keys.md."),
    LazyCommand("audit", "ungdom.cli.audit:audit_app", "The hash chains: verify, seal and export them."),
    LazyCommand(
        "forecast",
        "ungdom.cli.forecasting:forecast_app",
        "Forecasts of overrun: the probability that a case exceeds a time limit.",
    ),
    LazyCommand(
        "simulate", "ungdom.cli.simulating:simulate_app", "Simulate changes on the live cases. Nothing is written."
    ),
    LazyCommand("sessions", "ungdom.cli.sessions:sessions_app", "Signed-in browsers of the pages: list, end."),
    LazyCommand("staff", "ungdom.cli.staff:staff_app", "Members of staff: import, add, end, list."),
    LazyCommand(
        "statistics",
        "ungdom.cli.statistics:statistics_app",
        "Lead time, completion and recidivism of all cases. Exact: not for publication.",
    ),
    LazyCommand("notices", "ungdom.cli.notices:notices_app", "Notices: webhooks and the daily e-mail."),
    LazyCommand(
        "release",
        "ungdom.cli.releasing:release_app",
        "Releases: published tables, which are built once and never changed.",
    ),
    LazyCommand(
        "retention", "ungdom.cli.retaining:retention_app", "How long data is kept, on what basis, and what is erased."
    ),
)
"""Every command in the order of `ungdom --help`: name, where it is defined, and the first paragraph of its help."""

app = typer.Typer(cls=group_of(COMMANDS), no_args_is_help=True, help=ABOUT, pretty_exceptions_enable=False)
app.callback()(lambda: None)  # a program without commands of its own is a group only with a callback


def main() -> None:
    """Run the command; an error is printed as one sentence, and an interrupt ends it without one."""
    from ungdom.cli import observing

    observing.log_as_started()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except Exception as error:  # noqa: BLE001  # the last place where it can be told to whoever typed the command
        from ungdom.cli.failures import end_in_one_sentence

        end_in_one_sentence(error)
