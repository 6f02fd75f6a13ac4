"""Test messages of the commands: an e-mail or a signed event that says nothing but that it arrives."""

from collections.abc import Callable, Sequence

import typer

from ungdom import clock
from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.terminal import print_result, working
from ungdom.delivery.engine import NotDelivered
from ungdom.notices import mail
from ungdom.notices.address import Forbidden, IpNetwork, check, networks
from ungdom.notices.mail import Relay
from ungdom.notices.mail_template import test_mail
from ungdom.notices.webhooks import SignedTest
from ungdom.settings import BadSettings, Settings
from ungdom.texts import Language


def relay_of(config: Settings) -> Relay:
    """The relay of these settings. Raises `BadSettings` where none is set."""
    relay = mail.relay_of(config)
    if relay is None:
        raise BadSettings("no relay is set: UNGDOM_SMTP_URL")
    return relay


def allowed_target(config: Settings, url: str) -> Sequence[IpNetwork]:
    """The networks that webhooks may reach beside the public ones. Raises `BadSettings` if `url` may not be sent to."""
    allowed = networks(config.webhook_allow)
    try:
        check(url, allowed)
    except Forbidden as error:
        raise BadSettings(f"{url} may not be sent to ({error.code}): docs/notices.md") from None
    return allowed


def try_mail(
    config: Settings, address: str, language: Language, as_json: bool, values: dict[str, object] | None = None
) -> None:
    """Send a test e-mail and print whether the relay has taken it. Raises `typer.Exit(1)` where it has not."""
    relay = relay_of(config)
    message = test_mail(relay, address, language, config.public_url, clock.now())
    arrived = f"the relay {relay.host}:{relay.port} has taken the message to {address}"
    _try(lambda: mail.send(relay, message), arrived, values or {}, as_json)


def try_webhook(
    config: Settings, url: str, secret: str, as_json: bool, values: dict[str, object] | None = None
) -> None:
    """Send a signed test event and print whether it was received. Raises `typer.Exit(1)` where it was not.

    Raises `BadSettings` for an address that may not be sent to, and for what is no secret.
    """
    allowed = allowed_target(config, url)
    try:
        test = SignedTest.of(config.public_url, [secret], clock.now())
    except ValueError:
        raise BadSettings("--secret is none of Standard Webhooks: `whsec_` and base64") from None
    arrived = f"{url} has received the event {test.key}, signed with {secret}"
    shown = {**(values or {}), "id": str(test.key), "secret": secret}
    _try(lambda: test.send(url, allowed), arrived, shown, as_json)


def _try(send: Callable[[], None], arrived: str, values: dict[str, object], as_json: bool) -> None:
    try:
        with working("sending the test message"):
            send()
    except NotDelivered as error:
        held = "it is tried again when it is a notice" if error.retryable else "it would not be tried again"
        line = f"not delivered ({error.reason}); {held}: docs/notices.md"
        print_result({**values, "delivered": False, "reason": error.reason}, line, as_json)
        raise typer.Exit(ExitCode.FOUND) from None
    print_result({**values, "delivered": True, "reason": None}, arrived, as_json)
