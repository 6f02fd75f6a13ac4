"""Style sheets, scripts and the font: compressed once, under names that contain the hash of their content.

A browser keeps such a file for good: a new content has a new name. What comes from other projects lies compressed in
`static/vendored`, with versions and hashes in `vendored.toml`; it is replaced by `tools/vendor.py`.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
PREFIX = "/static/pages/"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_FONT = "inter.woff2"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file. `compressed`: None for what is compressed already."""

    media_type: str
    plain: bytes
    compressed: bytes | None


@dataclass(frozen=True, slots=True)
class Assets:
    """Every file by its published name, and the published name of each."""

    by_published_name: Mapping[str, Asset]
    published_names: Mapping[str, str]

    def url(self, name: str) -> str:
        """The address of the file. Raises `KeyError` for one that is not there."""
        return PREFIX + self.published_names[name]


@cache
def assets() -> Assets:
    """The files, read at the first use. The name of the font is written into our own style sheet."""
    contents = {file.name: file.read_bytes() for file in FOLDER.iterdir() if file.suffix in TYPES}
    for file in (FOLDER / "vendored").iterdir():
        if file.suffix == ".gz":
            contents[file.stem] = gzip.decompress(file.read_bytes())
        elif file.suffix in TYPES:
            contents[file.name] = file.read_bytes()
    published = {_FONT: _published_name(_FONT, contents[_FONT])}
    for name, content in contents.items():
        whole = content.replace(_FONT.encode(), published[_FONT].encode()) if name.endswith(".css") else content
        contents[name] = whole
        published.setdefault(name, _published_name(name, whole))
    return Assets({published[name]: _asset(name, content) for name, content in contents.items()}, published)


def _published_name(name: str, content: bytes) -> str:
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}{dot}{suffix}"


def _asset(name: str, content: bytes) -> Asset:
    suffix = Path(name).suffix
    compressed = None if name == _FONT else gzip.compress(content, 9, mtime=0)
    return Asset(TYPES[suffix], content, compressed)
