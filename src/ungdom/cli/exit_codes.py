"""The exit codes of the commands, as listed in docs/operations.md."""

from enum import IntEnum


class ExitCode(IntEnum):
    """`FOUND`: success, and something was found. `CALL`: wrong call or settings. `DATABASE`: not usable.

    `FAULT`: an error of the program that nobody foresaw, as `EX_SOFTWARE` of sysexits. `SYSTEM`: the operating system
    refused what the command needs, as `EX_OSERR`; that may pass. `INTERRUPTED`: Ctrl-C, as shells report a process that
    SIGINT ended.
    """

    DONE = 0
    FOUND = 1
    CALL = 2
    DATABASE = 3
    FAULT = 70
    SYSTEM = 71
    INTERRUPTED = 130
