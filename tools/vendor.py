"""Fetches what the pages need of other projects, at fixed versions, into `src/ungdom/web/static/vendored`.

`python tools/vendor.py` installs the packages by npm into a temporary folder, compresses the few files that are used,
and writes `vendored.toml`: package, version, licence, and the SHA-256 of each file before compression. A test compares
that list with the files. Nothing of this runs when the service runs.
"""

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "src" / "ungdom" / "web" / "static" / "vendored"


@dataclass(frozen=True)
class Source:
    """A file of a package. `name`: what it is called here."""

    package: str
    version: str
    licence: str
    path: str
    name: str


SOURCES = (
    Source("htmx.org", "4.0.1", "0BSD", "dist/htmx.min.js", "htmx.js"),
    Source("htmx.org", "4.0.1", "0BSD", "dist/ext/hx-sse.min.js", "hx-sse.js"),
    Source("@digdir/designsystemet-css", "1.22.0", "MIT", "dist/src/index.css", "designsystemet.css"),
    Source("@digdir/designsystemet-css", "1.22.0", "MIT", "dist/theme/designsystemet.css", "theme.css"),
    Source("@digdir/designsystemet-web", "1.22.0", "MIT", "dist/umd/index.js", "designsystemet.js"),
    Source("@fontsource-variable/inter", "5.3.0", "OFL-1.1", "files/inter-latin-wght-normal.woff2", "inter.woff2"),
)
COMPRESSED = (".css", ".js")
"""What is worth compressing; a font is compressed already."""


def fetch(folder: Path) -> Path:
    """The folder of the installed packages."""
    wanted = sorted({f"{source.package}@{source.version}" for source in SOURCES})
    npm = Path(sys.executable).with_name("npm")
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--loglevel=error")
    path = f"{npm.parent}{os.pathsep}{os.environ['PATH']}"
    (folder / "package.json").write_text('{"name": "vendored", "private": true}', encoding="utf-8")
    subprocess.run([npm, "install", *options, *wanted], cwd=folder, check=True, env={**os.environ, "PATH": path})  # noqa: S603  # fixed arguments
    return folder / "node_modules"


def write(packages: Path) -> None:
    """The files, their licences, and the list of them."""
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    lines = ["# Made by tools/vendor.py: files of other projects, with the SHA-256 of each before compression.\n"]
    for source in SOURCES:
        content = (packages / source.package / source.path).read_bytes()
        lines.append(_entry(source, hashlib.sha256(content).hexdigest()))
        if source.name.endswith(COMPRESSED):
            (TARGET / f"{source.name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
        else:
            (TARGET / source.name).write_bytes(content)
        licence = source.package.rpartition("/")[2]
        shutil.copyfile(packages / source.package / "LICENSE", TARGET / f"{licence}.LICENSE.txt")
    (TARGET / "vendored.toml").write_text("\n".join(lines), encoding="utf-8")


def _entry(source: Source, digest: str) -> str:
    values = {
        "package": source.package,
        "version": source.version,
        "licence": source.licence,
        "path": source.path,
        "sha256": digest,
    }
    rows = "".join(f'{key} = "{value}"\n' for key, value in values.items())
    return f'["{source.name}"]\n{rows}'


def main() -> None:
    """Fetch and write."""
    with tempfile.TemporaryDirectory() as folder:
        write(fetch(Path(folder)))


if __name__ == "__main__":
    main()
