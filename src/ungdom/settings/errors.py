"""The error of settings."""


class BadSettings(Exception):
    """A setting is missing or wrong, or a command was called with an argument it cannot use."""
