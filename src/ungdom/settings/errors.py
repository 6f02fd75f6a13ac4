"""The error of settings."""


class BadSettings(Exception):
    """A setting is missing or wrong, or a command was called with something it cannot use."""
