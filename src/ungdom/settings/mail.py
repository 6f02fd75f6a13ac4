"""The settings of e-mail: the relay, the sender, and where seals are mailed."""

from email.utils import parseaddr
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from ungdom.settings.addresses import host
from ungdom.settings.forms import NOT_SET, Secret, SettingInfo
from ungdom.settings.load import LoadSettings

SMTP = ("smtp", "smtps", "smtp+plain")
"""The schemes of a relay."""


class MailSettings(LoadSettings):
    """E-mail by SMTP."""

    smtp_url: Annotated[
        Secret | None,
        SettingInfo(
            "`smtp://user:password@host:587` (STARTTLS), `smtps://host:465`, or `smtp+plain://host:25`",
            default="none: no e-mail is sent",
            secret=True,
        ),
    ] = Field(
        default=None,
        description="The relay that e-mail is handed to. `smtp+plain` is for a relay on the same machine.",
        examples=["smtps://ungdom:password@mail.example.no"],
    )
    mail_from: Annotated[
        str | None, SettingInfo("an e-mail address, with or without a name", default="none: required beside a relay")
    ] = Field(default=None, description="The sender of e-mail.", examples=["Konfliktrådet <varsel@example.no>"])
    anchor_mail: Annotated[str | None, SettingInfo("an e-mail address", default="none: seals are only exported")] = (
        Field(
            default=None,
            description="Where each seal of the hash chains is mailed to, by the relay of `UNGDOM_SMTP_URL`: a mailbox"
            " that whoever owns the database cannot write ([audit](audit.md)). Of the demo database none is.",
            examples=["revisjon@example.no"],
        )
    )

    @field_validator("smtp_url")
    @classmethod
    def _relay(cls, value: str | None) -> str | None:
        if value is not None and (value.partition("://")[0] not in SMTP or not host(value)):
            raise ValueError("is not the address of a mail relay")
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("smtp_url"):
            raise ValueError(f"{NOT_SET}, and UNGDOM_SMTP_URL is")
        if value is not None and "@" not in parseaddr(value)[1]:
            raise ValueError(f"{value!r} is not an e-mail address")
        return value

    @field_validator("anchor_mail")
    @classmethod
    def _anchor_mailbox(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and "@" not in parseaddr(value)[1]:
            raise ValueError(f"{value!r} is not an e-mail address")
        if value is not None and not info.data.get("smtp_url"):
            raise ValueError("needs a relay: UNGDOM_SMTP_URL is not set")
        return value
