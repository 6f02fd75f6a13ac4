"""`ungdom notices set-mail` and `set-webhook`: who receives notices, set up by command and tried at once."""

from contextlib import closing
from typing import Annotated, Literal, get_args

import typer

from ungdom import clock, settings
from ungdom.cli.staff import COMMAND_LINE
from ungdom.cli.terminal import AsJson, open_readable_database, out
from ungdom.cli.trial_messages import allowed_target, relay_of, try_mail, try_webhook
from ungdom.notices.subscriptions import TooManyWebhooks, WebhookKind, subscribe
from ungdom.settings import BadSettings, Settings
from ungdom.staff import administration
from ungdom.staff.administration import Editor
from ungdom.staff.errors import ContactIsTheirOwn, NoSuchMember
from ungdom.store import staff as staff_store
from ungdom.store.encryption import EncryptionKeys
from ungdom.store.session import Connection
from ungdom.texts import Language
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Role

Subject = Annotated[str, typer.Argument(help="The subject of the person or system, as it stands in their token.")]
OtherRole = Literal["team_member", "prosecution"]
KINDS: tuple[str, ...] = get_args(WebhookKind)


def _known(kinds: list[str]) -> list[str]:
    """The kinds, all of them known. Raises `typer.BadParameter`."""
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]} is not one of {', '.join(KINDS)}")
    return kinds


def set_mail(
    subject: Subject,
    address: Annotated[str, typer.Argument(help="Where their daily e-mail goes.")],
    language: Annotated[Language, typer.Option(help="Language of their notices.")] = "nb",
    as_json: AsJson = False,
) -> None:
    """Give a member of staff the daily e-mail at this address, and send a test message there.

    Exit codes: 0 the relay has taken the message; 1 it has not, the address is stored; 2 nothing is stored.
    """
    config = settings.from_environment()
    _write_address(config, subject, address, language)
    if not as_json:
        out.print(f"{subject} gets the daily e-mail at {address}", markup=False)
    try_mail(config, address, language, as_json, {"subject": subject, "address": address})


def set_webhook(
    subject: Subject,
    url: Annotated[str, typer.Argument(help="Where to.")],
    kind: Annotated[list[str], typer.Option(help=f"What is sent: {', '.join(KINDS)}. Repeatable.", callback=_known)],
    role: Annotated[OtherRole | None, typer.Option(help="Role of an owner who is not on the list of staff.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a webhook of this owner, print its secret, which is not shown again, and send a signed test event there.

    It receives what the owner may see. Exit codes: 0 the event was received; 1 it was not, the webhook is stored; 2
    nothing is stored.
    """
    config = settings.from_environment()
    allowed_target(config, url)
    now = clock.now()
    with closing(open_readable_database(config)) as db, db.writing() as tx:
        try:
            new = subscribe(tx, EncryptionKeys.of(config), _owner(tx, subject, role), url, kind, now)
        except TooManyWebhooks as error:
            raise BadSettings(f"{subject} has {error.limit} webhooks already: one has to be deleted first") from None
    [secret] = new.credentials.secrets
    if not as_json:
        out.print(f"webhook {new.webhook_id} of {subject}; its secret is {secret.text}", markup=False)
    try_webhook(config, url, secret.text, as_json, {"webhook_id": str(new.webhook_id), "owner": subject})


def _write_address(config: Settings, subject: str, address: str, language: Language) -> None:
    """Raises `BadSettings` where the address cannot be written."""
    from pydantic import ValidationError

    from ungdom.api.contacts.schemas import NoticeContactIn

    try:
        given = NoticeContactIn(language=language, email_digest=True, address=address)
    except ValidationError:
        raise BadSettings(f"{address} is not an e-mail address") from None
    keys, editor = EncryptionKeys.of(config), Editor(COMMAND_LINE, clock.now())
    with closing(open_readable_database(config)) as db, db.writing() as tx:
        relay_of(config)  # without one nothing is stored
        try:
            administration.write_contact(tx, keys, editor, subject, given.language, True, given.address)
        except NoSuchMember:
            raise BadSettings(_not_listed(subject)) from None
        except ContactIsTheirOwn:
            raise BadSettings(f"{subject} has written their contact themselves: only they change it") from None


def _owner(tx: Connection, subject: str, role: OtherRole | None) -> Viewer:
    """The member of staff in their main role, or somebody else in this role. Raises `BadSettings`."""
    member = staff_store.find(tx, subject)
    if member is not None and role is not None:
        raise BadSettings(f"{subject} is on the list of staff, which says their role: leave out --role")
    if role is not None:
        return Viewer(Role(role), subject, None)
    if member is None:
        raise BadSettings(f"{_not_listed(subject)}; --role says what somebody else is")
    if not member.in_service(oslo_date(clock.now())):
        raise BadSettings(f"{subject} is not in service today")
    return member.viewer


def _not_listed(subject: str) -> str:
    return f"there is nobody with the subject {subject} in the list of staff"
