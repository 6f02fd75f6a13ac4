"""`ungdom retention`: the rules of retention, their basis, what is due, and what a restored backup brought back."""

from contextlib import closing
from dataclasses import asdict
from typing import Annotated

import typer

from ungdom import clock
from ungdom.cli.terminal import AsJson, OnDemo, erase_again, open_database, out, print_rows, selected_settings
from ungdom.retention import run as retention_run
from ungdom.retention.journal import ErasureJournal
from ungdom.retention.rules import RetentionCode, effective, parse_length
from ungdom.settings import BadSettings
from ungdom.store import retention
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.retention import StoredBasis

retention_app = typer.Typer(no_args_is_help=True, help="How long data is kept, on what basis, and what is erased.")

BY = "command-line"
"""Who enters a basis by a command."""


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
    on_demo: OnDemo = False,
) -> None:
    """Enter the basis of a rule, which erases from the next night on. What was entered before is kept."""
    given = {"--basis": basis, "--source": source, "--name": name}
    for option, text in given.items():
        if not text.strip():
            raise BadSettings(f"{option} says nothing")
    try:
        length = str(parse_length(keep)) if keep is not None else None
    except ValueError as error:
        raise BadSettings(f"--keep: {error}") from None
    new = StoredBasis(
        rule=rule,
        basis=basis.strip(),
        source=source.strip(),
        name=name.strip(),
        keep=length,
        entered_at=clock.now(),
        entered_by=BY,
    )
    with closing(open_database(selected_settings(on_demo))) as db, db.writing() as tx:
        retention.add_basis(tx, new)
    out.print(f"{rule} is erased after {length or 'the length of the rule'}, from the next night on")


@retention_app.command()
def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what is due, and erase nothing.")] = False,
    as_json: AsJson = False,
    on_demo: OnDemo = False,
) -> None:
    """Apply the rules now, as every night does, and print by rule what was due and what was erased."""
    config = selected_settings(on_demo)
    with closing(open_database(config)) as db:
        reports = retention_run.run(
            db, EncryptionKeys(config.people_keys), ErasureJournal(config.erasures), clock.now(), dry_run
        )
    print_rows([asdict(report) for report in reports], "{rule:<18} due {due}, erased {erased}", as_json)


@retention_app.command()
def replay(on_demo: OnDemo = False) -> None:
    """Erase again what a restored backup brought back, from the journal of erasures. Every start does it too."""
    config = selected_settings(on_demo)
    with closing(open_database(config, erasures_first=False)) as db:
        done = erase_again(db, config)
    out.print(f"{done} erasure(s) carried out again")
