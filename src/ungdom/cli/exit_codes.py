"""The exit codes of the commands, as listed in docs/operations.md."""

from enum import IntEnum


class ExitCode(IntEnum):
    """`FOUND`: success, and something was found. `CALL`: wrong call or settings. `DATABASE`: not usable.

    `INTERRUPTED`: Ctrl-C, as shells report a process that SIGINT ended.
    """

    DONE = 0
    FOUND = 1
    CALL = 2
    DATABASE = 3
    INTERRUPTED = 130
