"""The settings of office norms: what an office may decide otherwise, and no law says."""

from typing import Annotated

from pydantic import BaseModel, Field

from ungdom.settings.forms import Number, SettingInfo

MOST_EMERGENCY_HOURS = 168
"""The longest emergency access that an office norm may allow, in hours: a week."""


class NormSettings(BaseModel):
    """Limits that are office norms, not law."""

    emergency_hours: Annotated[Number, SettingInfo(f"a whole number from 1 to {MOST_EMERGENCY_HOURS}")] = Field(
        default=8,
        le=MOST_EMERGENCY_HOURS,
        description="Hours that an emergency access may last at most, an office norm"
        " ([access log](access-log.md#emergency-access)).",
        examples=["4"],
    )
