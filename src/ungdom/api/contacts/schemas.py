"""Schemas of contacts: language, e-mail digest and address of somebody who works with cases."""

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from ungdom.api.http.inputs import Input
from ungdom.api.http.schemas import Output
from ungdom.message.text import LineText

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

_ADDRESS = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@(?:{_LABEL}\.)+[A-Za-z]{{2,63}}", re.ASCII)

LONGEST_ADDRESS = 254


def _address(value: str) -> str:
    if len(value) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(value):
        raise PydanticCustomError("email_address", "is no e-mail address")
    return value


class NoticeContactIn(Input):
    """How they are to be told. `email_digest`: by one e-mail a day beside the inbox here; it needs an address."""

    language: Literal["nb", "nn", "en"] = "nb"
    email_digest: bool = False
    address: Annotated[LineText, AfterValidator(_address)] | None = None


class NoticeContactOut(Output):
    """How somebody is told. `has_address`: one is known; it is shown to its owner only."""

    subject: str
    language: Literal["nb", "nn", "en"]
    email_digest: bool
    has_address: bool
    address: str | None
    updated_at: datetime | None
