"""Secrets by reference: `file:/path` reads a file, `exec:/path/to/program argument` runs a program that prints it.

A program that asks a key service is enough for every key service, as with the credential helpers of git and Docker.
"""

import os
import shlex
import signal
import subprocess
from pathlib import Path

FILE, EXEC = "file:", "exec:"
ANSWER_WITHIN = 20.0
"""Seconds that a program has to print the secret."""
LONGEST = 65_536
"""Characters of a secret at most."""


def resolve(text: str) -> str:
    """The secret that a reference names; another text unchanged. Raises `ValueError` that holds nothing of it."""
    if text.startswith(FILE):
        return read_file(Path(text.removeprefix(FILE)))
    return _run(text.removeprefix(EXEC)) if text.startswith(EXEC) else text


def resolve_list(text: str) -> str:
    """The secrets of a list with commas between, each of which may be a reference to one or several."""
    return ",".join(resolve(part.strip()) for part in text.split(",") if part.strip())


def read_file(path: Path) -> str:
    """The text of this file, without blanks around it. Raises `ValueError`."""
    try:
        return _not_empty(path.read_text(encoding="utf-8"), "it is empty")
    except OSError as error:
        raise ValueError(error.strerror or type(error).__name__) from None
    except UnicodeError:
        raise ValueError("it is not text") from None


def _run(command: str) -> str:
    try:
        program, *arguments = shlex.split(command)
    except ValueError:
        raise ValueError("the command after exec: is empty, or a quotation mark is not closed") from None
    if not Path(program).is_absolute():
        raise ValueError(f"{program} is not an absolute path")
    try:
        process = subprocess.Popen(  # noqa: S603  # the program that the installation names
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise ValueError(f"{program} cannot be run: {error.strerror}") from None
    with process:
        try:
            printed, _ = process.communicate(timeout=ANSWER_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with what it has started, which would keep its output open
            raise ValueError(f"{program} has not ended within {ANSWER_WITHIN:g} seconds") from None
    if process.returncode != 0:
        raise ValueError(f"{program} ended with code {process.returncode}")
    return _not_empty(_text(printed, program), f"{program} has printed nothing")


def _text(printed: bytes, program: str) -> str:
    try:
        return printed[: LONGEST + 1].decode()
    except UnicodeError:
        raise ValueError(f"{program} has not printed text") from None


def _not_empty(text: str, problem: str) -> str:
    if not text.strip():
        raise ValueError(problem)
    if len(text) > LONGEST:
        raise ValueError("it is too long for a secret")
    return text.strip()
