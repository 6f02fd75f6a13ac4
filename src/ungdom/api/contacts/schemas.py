"""Schemas of contacts: language, e-mail digest and address of somebody who works with cases."""

from datetime import datetime
from typing import Literal

from ungdom.api.http.inputs import EmailAddress, Input
from ungdom.api.http.schemas import Output


class NoticeContactIn(Input):
    """How they are to be told. `email_digest`: by one e-mail a day beside the inbox here; it needs an address."""

    language: Literal["nb", "nn", "en"] = "nb"
    email_digest: bool = False
    address: EmailAddress | None = None


class NoticeContactOut(Output):
    """How somebody is told. `has_address`: one is known; it is shown to its owner only."""

    subject: str
    language: Literal["nb", "nn", "en"]
    email_digest: bool
    has_address: bool
    address: str | None
    updated_at: datetime | None
