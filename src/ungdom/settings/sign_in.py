"""The settings of the pages: where people sign in, and how long a browser stays signed in."""

from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from ungdom.settings.forms import Number, Secret, SettingInfo, digits
from ungdom.settings.load import LoadSettings

Minutes = Annotated[int, BeforeValidator(digits), Field(ge=2, le=1_440)]
"""The use of a session is recorded to the minute: with one minute it would end while it is used."""


class SignInSettings(LoadSettings):
    """Sign-in by OpenID Connect, and the ends of a session."""

    login_issuer: Annotated[str | None, SettingInfo("an issuer of the access file", default="none: no sign-in")] = (
        Field(
            default=None,
            description="Where people sign in to the pages, by OpenID Connect ([pages](pages.md)). In development a"
            " person of the staff is picked as well.",
            examples=["https://login.example.no"],
        )
    )
    login_client_id: Annotated[str | None, SettingInfo("a text", default="none: required beside an issuer")] = Field(
        default=None,
        description="As whom the service is registered at the issuer; its identity tokens are made out to it.",
        examples=["ungdom-pages"],
    )
    login_client_secret: Annotated[
        Secret | None, SettingInfo("a text", default="none: a public client, by PKCE alone", secret=True)
    ] = Field(default=None, description="The secret of that client.", examples=["s3cret"])
    session_idle_minutes: Annotated[Minutes, SettingInfo("2 to 1440")] = Field(
        default=30, description="Minutes without use after which a browser has to sign in again.", examples=["15"]
    )
    session_hours: Annotated[Number, SettingInfo("a whole number above 0")] = Field(
        default=10, description="Hours after which a browser has to sign in again in any case.", examples=["8"]
    )

    @field_validator("login_client_id")
    @classmethod
    def _client(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("login_issuer"):
            raise ValueError("is not set, and UNGDOM_LOGIN_ISSUER is")
        return value
