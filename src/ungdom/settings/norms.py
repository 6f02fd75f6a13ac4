"""The settings of office norms: what an office may decide otherwise, and no law says."""

from typing import Annotated

from pydantic import BaseModel, Field

from ungdom.settings.forms import Number, SettingInfo


class NormSettings(BaseModel):
    """Limits that are office norms, not law."""

    emergency_hours: Annotated[Number, SettingInfo("a whole number above 0")] = Field(
        default=8,
        description="Hours that an emergency access may last at most, an office norm"
        " ([access log](access-log.md#emergency-access)).",
        examples=["4"],
    )
