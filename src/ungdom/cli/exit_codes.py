"""How a command ends, for scripts: the table of docs/operations.md."""

from enum import IntEnum


class ExitCode(IntEnum):
    """`FOUND`: done, and something was found. `CALL`: the call or the settings are wrong. `DATABASE`: not usable."""

    DONE = 0
    FOUND = 1
    CALL = 2
    DATABASE = 3
