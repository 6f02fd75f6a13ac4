"""`ungdom retention` and `ungdom subject-access`: rules of retention, what is due, and what a person is stored with."""

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ungdom import cases, clock, texts
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.private_files import write_logged
from ungdom.cli.reading import COMMAND_LINE
from ungdom.cli.terminal import (
    AsJson,
    OnDemo,
    erase_again,
    err,
    id_of,
    open_database,
    phases,
    print_result,
    print_rows,
    selected_settings,
    working,
)
from ungdom.jobs.tracking import tracked
from ungdom.retention import run as retention_run
from ungdom.retention.journal import ErasureJournal
from ungdom.retention.rules import RetentionCode, effective, entered_length
from ungdom.retention.run import RuleReport
from ungdom.settings import BadSettings, Settings
from ungdom.store import retention
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.job_runs import PARTIAL, RETENTION, SUCCEEDED
from ungdom.store.retention import StoredBasis
from ungdom.store.session import Database
from ungdom.workflow.calendar import oslo_date

retention_app = typer.Typer(no_args_is_help=True, help="How long data is kept, on what basis, and what is erased.")


@retention_app.command(name="rules")
def list_rules(as_json: AsJson = False, on_demo: OnDemo = False) -> None:
    """List the rules: what is kept how long, counted from what, and whether the basis is known."""
    with closing(open_database(selected_settings(on_demo))) as db, db.reading() as tx:
        rules = effective(retention.bases(tx)).values()
    rows = [
        {
            "rule": str(rule.rule.code),
            "keep": str(rule.keep),
            "counted_from": str(rule.rule.counted_from),
            "source": rule.confirmed.source if rule.confirmed else rule.rule.source,
            "verified": "yes" if rule.rule.verified else "no",
            "applies": "yes" if rule.applies else "dry run only",
        }
        for rule in rules
    ]
    layout = "{rule:<18} {keep:<10} from {counted_from:<16} {applies:<13} {source}"
    print_rows(rows, layout, as_json)


@retention_app.command()
def confirm(
    rule: Annotated[RetentionCode, typer.Argument(help="The rule.")],
    basis: Annotated[str, typer.Option(help="On what basis the data is erased after this time, in words.")],
    source: Annotated[str, typer.Option(help="Act and paragraph, or the decision.")],
    name: Annotated[str, typer.Option(help="Name of whoever confirms it.")],
    keep: Annotated[str | None, typer.Option(help="Another length than that of the rule: `10 years`.")] = None,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Enter the basis of a rule, which erases from the next night on. What was entered before is kept."""
    given = {"--basis": basis, "--source": source, "--name": name}
    for option, text in given.items():
        if not text.strip():
            raise BadSettings(f"{option} says nothing")
    try:
        length = str(entered_length(keep)) if keep is not None else None
    except ValueError as error:
        raise BadSettings(f"--keep: {error}") from None
    new = StoredBasis(
        rule=rule,
        basis=basis.strip(),
        source=source.strip(),
        name=name.strip(),
        keep=length,
        entered_at=clock.now(),
        entered_by=COMMAND_LINE.subject,
    )
    with closing(open_database(selected_settings(on_demo))) as db, db.writing() as tx:
        retention.add_basis(tx, new)
    line = f"{rule} is erased after {length or 'the length of the rule'}, from the next night on"
    print_result({"rule": rule, "keep": length, "entered_at": new.entered_at.isoformat()}, line, as_json)


@retention_app.command()
def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what is due, and erase nothing.")] = False,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Apply the rules now, as every night does, and print by rule what was due and what was erased.

    Exit code 1 when something stopped a rule from erasing everything that is due.
    """
    config = selected_settings(on_demo)
    with closing(open_database(config)) as db, phases() as report:
        reports = _count(db, config, report) if dry_run else _erase(db, config, report)
    print_rows([asdict(report) for report in reports], "{rule:<18} due {due}, erased {erased}", as_json)
    for done in reports:
        if done.fault is not None:
            err.print(f"{done.rule}: {texts.label('en', done.fault)}", markup=False)
    raise typer.Exit(ExitCode.FOUND if any(done.fault for done in reports) else ExitCode.DONE)


def _count(db: Database, config: Settings, report: retention_run.Report) -> list[RuleReport]:
    """What is due by rule; nothing is erased."""
    keys, journal = EncryptionKeys.of(config), ErasureJournal(config.erasures)
    return retention_run.run(db, keys, journal, clock.now(), True, report)


def _erase(db: Database, config: Settings, report: retention_run.Report) -> list[RuleReport]:
    """Apply the rules, as a run that is followed."""
    keys, journal, now = EncryptionKeys.of(config), ErasureJournal(config.erasures), clock.now()
    with tracked(db, RETENTION, oslo_date(now), clock.now) as job:

        def reported(rule: RetentionCode, erased: int, due: int) -> None:
            report(rule, erased, due)
            job.report(rule, erased, due)

        reports = retention_run.run(db, keys, journal, now, report=reported)
        job.counts = {f"{RETENTION}_{name}": n for name, n in retention_run.counts_of(reports).items()}
        job.status = PARTIAL if any(rule.fault for rule in reports) else SUCCEEDED
    return reports


@retention_app.command()
def replay(as_json: AsJson = False, on_demo: OnDemo = False) -> None:
    """Erase again what a restored backup brought back, from the journal of erasures. Every start does it too."""
    config = selected_settings(on_demo)
    with closing(open_database(config, erasures_first=False)) as db, working("erasing again"):
        done = erase_again(db, config)
    print_result({"erasures": done}, f"{done} erasure(s) carried out again", as_json)


def subject_access(
    person: Annotated[str, typer.Argument(help="Id of the person, from `POST /v1/persons/search`.")],
    out_file: Annotated[Path, typer.Option("--out", help="The ZIP to write; it must not be there yet.")],
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Write everything that is stored about a person to a file for them. That it was made is logged.

    Exit code 1 when there is no such person, or one of their cases cannot be read.
    """
    from ungdom.intake import IntakeContext
    from ungdom.persons import subject_access as gathering
    from ungdom.persons.subject_access_file import build

    config, person_id = selected_settings(on_demo), id_of("person", person)
    context = IntakeContext(EncryptionKeys.of(config), clock.now(), "nb")
    with closing(open_database(config)) as db:
        try:
            with working("gathering what is stored"), db.reading() as tx:
                access = gathering.gather(tx, context, COMMAND_LINE, person_id)
        except cases.NotVisible:
            err.print(f"ungdom: no person {person}", markup=False)
            raise typer.Exit(ExitCode.FOUND) from None
        write_logged(db, out_file, build(access), "subject-access", {access.person_id, *access.case_ids})
    print_result({"file": out_file, "person_id": access.person_id}, f"written {out_file}", as_json)
