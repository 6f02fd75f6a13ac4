"""Runs `python` with some arguments for each line of stdin, in a fork of this process, and answers with its exit code.

A line is a JSON object: `arguments` begin with `-m` or `-c`; `root` is the working directory, `environment` is the
whole environment, `output` names the files for stdout and stderr. This process has loaded the packages that every check
needs, and nothing of the code that is checked.
"""

import gc
import importlib
import json
import os
import runpy
import sys
import traceback
from pathlib import Path
from typing import Any

PACKAGES = (
    "pytest", "alembic", "fastapi.openapi.utils", "httpx", "hypothesis", "joserfc.jwk", "jsonschema_rs", "pydantic.v1",
    "pydantic_settings", "sqlalchemy.dialects.postgresql", "sqlalchemy.dialects.sqlite", "transitions", "typer", "yaml",
)  # fmt: skip


def run(request: dict[str, Any]) -> None:
    os.chdir(request["root"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for stream, name in zip((sys.stdout, sys.stderr), request["output"], strict=True):
        with Path(name).open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    sys.path[:0] = [request["root"], request["environment"]["PYTHONPATH"]]
    kind, what, *rest = request["arguments"]
    sys.argv = [kind, *rest]
    if kind == "-c":
        exec(compile(what, "-c", "exec"), {"__name__": "__main__"})  # noqa: S102  # as `python -c` does
    else:
        runpy.run_module(what, run_name="__main__", alter_sys=True)


def exit_code_of(request: dict[str, Any]) -> int:
    try:
        run(request)
    except SystemExit as ended:
        return int(ended.code or 0)
    except BaseException:  # noqa: BLE001  # shown, and the fork ends here
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    for package in PACKAGES:
        importlib.import_module(package)
    # What is loaded stays: the garbage collector of a fork need not go through it.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = exit_code_of(json.loads(line))
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201  # the answer


if __name__ == "__main__":
    main()
