"""What an installation needs to take orders, from its settings."""

from ungdom.extracts import purposes
from ungdom.extracts.orders import Desk
from ungdom.extracts.pseudonyms import ExtractKeys
from ungdom.settings import BadSettings, Settings


def desk(settings: Settings) -> Desk:
    """The desk of this installation. Raises `BadSettings`."""
    try:
        keys = ExtractKeys(settings.extract_keys)
    except ValueError as error:
        raise BadSettings(f"UNGDOM_EXTRACT_KEYS: {error}") from None
    return Desk(purposes.load(settings), keys)
