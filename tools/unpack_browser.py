"""Unpack the browser of the tests: `python tools/unpack_browser.py node_modules/@sparticuz/chromium/bin .venv/browser`.

The npm package holds Chromium, the shared libraries it needs and a font, each compressed with brotli. The standard
library has no brotli, so Node decompresses and Python unpacks.
"""

import io
import subprocess
import sys
import tarfile
from pathlib import Path

DECOMPRESS = "process.stdout.write(require('zlib').brotliDecompressSync(require('fs').readFileSync(process.argv[1])))"
ARCHIVES = {"al2023.tar.br": "libraries", "fonts.tar.br": "fonts"}
FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""


def decompressed(file: Path) -> bytes:
    node = Path(sys.executable).parent / "node"
    command = [node, "-e", DECOMPRESS, str(file)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout  # noqa: S603  # nothing of a user's


def unpack(source: Path, target: Path) -> None:
    """Write `chromium`, `libraries/`, `fonts/` and `fonts.conf` into `target`."""
    target.mkdir(parents=True, exist_ok=True)
    browser = target / "chromium"
    browser.unlink(missing_ok=True)
    browser.write_bytes(decompressed(source / "chromium.br"))
    browser.chmod(0o755)
    for name, folder in ARCHIVES.items():
        with tarfile.open(fileobj=io.BytesIO(decompressed(source / name))) as archive:
            archive.extraction_filter = getattr(tarfile, "data_filter", None)  # None in the first releases of 3.11
            archive.extractall(target / folder)  # noqa: S202  # the package is locked by its hash
    conf = FONTS_CONF.format(fonts=target / "fonts", cache=target / "fonts-cache")
    (target / "fonts.conf").write_text(conf, encoding="utf-8")


if __name__ == "__main__":
    unpack(Path(sys.argv[1]), Path(sys.argv[2]).resolve())
