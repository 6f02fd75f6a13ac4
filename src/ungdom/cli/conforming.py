"""`ungdom conformance`: whether a service takes decisions as the documents say, tried over HTTP."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ungdom.cli.exit_codes import ExitCode
from ungdom.cli.terminal import AsJson, err, out, print_result, progress
from ungdom.settings import BadSettings

SECONDS = 30.0
"""As long may the service take for one answer."""


def conformance(
    url: Annotated[str, typer.Option(help="Address of the service, for example of `ungdom demo --serve`.")],
    token_file: Annotated[Path, typer.Option(help="File with a token that may send decisions.")],
    as_json: AsJson = False,
) -> None:
    """Send a service decisions about people who do not exist, and report what it answers otherwise than documented.

    Exit codes: 0 every case is answered as documented, 1 one is not, 2 the service does not answer.
    """
    import httpx

    from ungdom import conformance as cases

    headers = {"Authorization": f"Bearer {_token(token_file)}"}
    results = []
    try:
        client = httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=SECONDS)
        with client, progress("cases") as report:
            for result in cases.run(client):
                results.append(result)
                report(len(results), len(results))
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise BadSettings(f"{url} does not answer: {type(error).__name__}") from None
    failed = [result for result in results if result.deviations]
    if as_json:
        print_result({"cases": [asdict(result) for result in results]}, "", as_json)
    else:
        for result in results:
            out.print(f"{'differs' if result.deviations else 'ok':<8} {result.about}", markup=False)
            for deviation in result.deviations:
                out.print(f"         {deviation}", markup=False)
        err.print(f"{len(results) - len(failed)} of {len(results)} cases are answered as documented")
    raise typer.Exit(ExitCode.FOUND if failed else ExitCode.DONE)


def _token(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{file} cannot be read as a token: {error}") from None
