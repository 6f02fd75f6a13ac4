"""The documents as a site: `make docs-site` builds it with Sphinx, MyST and furo (docs/decisions/0069-site.md).

The pages are the files of the repository as they are. A list of links below the marker `<!-- contents -->` is the part
of the table of contents that is named by the heading above it.
"""

import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from pygments.lexers.special import TextLexer

sys.path.insert(0, str(Path(__file__).parent))

from site_rules import drawing_of, other_hosts, with_contents

project = "ungdom"
author = "The ungdom contributors"
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = [
    "docs/**", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "bench/results.md", "bench/peers/README.md",
    "tests/mutants.md",
]  # fmt: skip
exclude_patterns = [".*", "**/.*", "build", "client", "deploy", "migrations", "openapi", "requirements", "src", "tools"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]
nitpicky = True
html_theme = "furo"
html_title = "ungdom"
html_static_path = ["_static"]
html_css_files = ["drawing.css"]
html_show_sourcelink = False
html_copy_source = False
html_show_copyright = False


def add_contents(_app: Any, _page: str, text: list[str]) -> None:
    """Adds to each marked list the table of contents that it names."""
    text[0] = with_contents(text[0])


class Drawing(Directive):
    """A workflow that is written as a Mermaid state diagram, drawn as on the page of the rules of the service."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The drawing, with the events of each move in its title."""
        return [nodes.raw("", drawing_of("\n".join(self.content)), format="html")]


def finish(app: Any, error: Exception | None) -> None:
    """Leads from the folder of the site to its first page. Raises `ValueError` if a page loads from another host."""
    if error is None:
        start = f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={root_doc}.html">'
        Path(app.outdir, "index.html").write_text(start + "\n", encoding="utf-8")
        loading = list(other_hosts(Path(app.outdir)))
        if loading:
            raise ValueError(f"the site loads from another host: {'; '.join(loading)}")


def setup(app: Any) -> dict[str, bool]:
    """Registers the above with Sphinx."""
    app.add_lexer("csv", TextLexer)
    app.add_directive("mermaid", Drawing)
    app.connect("source-read", add_contents)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
