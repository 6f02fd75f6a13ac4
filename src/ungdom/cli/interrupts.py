"""Ctrl-C while the program is imported: it ends at once, without a traceback.

Imports cannot be interrupted cleanly, so that the process is ended by the signal itself until they are done. Imports as
little as possible itself.
"""

import signal


def end_at_once() -> None:
    """From now on an interrupt ends the process. Does nothing where interrupts are ignored or handled already."""
    _replace(signal.default_int_handler, signal.SIG_DFL)


def raise_again() -> None:
    """From now on an interrupt raises `KeyboardInterrupt`, as at the start of Python."""
    _replace(signal.SIG_DFL, signal.default_int_handler)


def _replace(present: object, handler: "signal._HANDLER") -> None:
    try:
        if signal.getsignal(signal.SIGINT) is present:
            signal.signal(signal.SIGINT, handler)
    except ValueError:
        return  # imported by another thread than the main one, which alone may set handlers
