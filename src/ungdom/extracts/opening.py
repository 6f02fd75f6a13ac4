"""What an installation needs to take orders, from its settings."""

from ungdom.extracts import purposes
from ungdom.extracts.orders import Desk
from ungdom.extracts.pseudonyms import ExtractKeys
from ungdom.settings import Settings


def desk(settings: Settings) -> Desk:
    """The desk of this installation. Raises `BadSettings`."""
    return Desk(purposes.load(settings), ExtractKeys(settings.extract_keys))
