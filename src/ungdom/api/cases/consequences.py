"""What an event brought with it, as it goes out."""

from datetime import date

from pydantic import BaseModel

from ungdom.workflow.derived.complaints import Aftermath
from ungdom.workflow.vocabulary import EventType


class FollowedOut(BaseModel):
    """An event that another one brought with it, recorded in the same transaction."""

    seq: int
    type: EventType
    label: str
    occurred_on: date


class UndoingOut(BaseModel):
    """What an upheld complaint led to: undone, nothing left to undo, or to be followed up by hand."""

    outcome: Aftermath
    message: str
