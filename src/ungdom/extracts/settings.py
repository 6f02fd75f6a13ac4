"""What an installation needs to take orders, from its settings."""

from ungdom.extracts import purposes
from ungdom.extracts.order import OrderService
from ungdom.extracts.pseudonyms import ExtractKeys
from ungdom.settings import Settings


def order_service(settings: Settings) -> OrderService:
    """The desk of this installation. Raises `BadSettings`."""
    return OrderService(purposes.load(settings), ExtractKeys(settings.extract_keys))
