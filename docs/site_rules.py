"""What the site is made by, beside Sphinx: its lists of pages, its drawings, and what it must not load.

Needs the standard library alone, so that the tests can use it.
"""

import html
import importlib.util
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

CONTENTS = re.compile(
    r"^#+ (?P<caption>.+)\n\n<!-- contents -->\n\n(?P<entries>(?:[-*] .+\n(?:  .+\n)*)+)", re.MULTILINE
)
ENTRY = re.compile(r"^[-*] \[[^]]+\]\((?P<page>[^)#]+)\.md\)", re.MULTILINE)
GROUP = re.compile(r"^ +state \w+ \{\n(.+?)\}", re.MULTILINE | re.DOTALL)
MOVE = re.compile(r"^ +(\w+) --> (\w+) : (.+)$", re.MULTILINE)
OTHER_HOST = re.compile(
    r"""<(?:script|img|iframe|source|embed|object)\b[^>]*\s(?:src|data)\s*=\s*["']?(?:https?:)?//"""
    r"""|<link\b(?=[^>]*rel=["']?(?:stylesheet|preload|preconnect|icon))[^>]*\shref=["']?(?:https?:)?//"""
    r"""|url\(\s*["']?(?:https?:)?//|@import\s+["'](?:https?:)?//"""
)


def with_contents(text: str) -> str:
    """The page with a hidden table of contents below each marked list of links."""
    return CONTENTS.sub(_with_contents, text)


def _with_contents(match: re.Match[str]) -> str:
    pages = "\n".join(ENTRY.findall(match["entries"]))
    return f"{match[0]}\n```{{toctree}}\n:hidden:\n:caption: {match['caption']}\n\n{pages}\n```\n"


def other_hosts(folder: Path) -> Iterable[str]:
    """The files below the folder that load something from another host, each with the place."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".css", ".html", ".js", ".svg"}:
            match = OTHER_HOST.search(path.read_text(encoding="utf-8"))
            if match:
                yield f"{path}: {match[0]}"


def drawing_of(text: str) -> str:
    """The Mermaid state diagram as SVG, drawn as the page of the rules of the service draws a workflow."""
    states = [state for group in GROUP.findall(text) for state in group.split()]
    moves = [{"sources": [source], "to": target, "label": label} for source, target, label in MOVE.findall(text)]
    drawing = _drawing_of_the_pages().draw_machine(states, moves)
    arcs = "".join(
        f'<path class="arc{" back" * arc.is_back}{" ending" * arc.into_end}" d="{arc.path}"><title>'
        f"{html.escape('; '.join(move['label'] for move in arc.moves))}</title></path>"
        for arc in drawing.arcs
    )
    boxes = "".join(
        f'<rect class="state{" end" * box.is_end}" x="{drawing.box_left}" y="{box.y}" width="{drawing.box_width}" '
        f'height="{drawing.box}" rx="4"/><text x="{drawing.width // 2}" y="{box.y + 17}" text-anchor="middle">'
        f"{html.escape(box.state)}</text>"
        for box in drawing.boxes
    )
    return (
        f'<svg class="machine" viewBox="0 -2 {drawing.width} {drawing.height + 2}" role="img" '
        f'aria-label="States from top to bottom; the table below lists each move">{arcs}{boxes}</svg>'
    )


def _drawing_of_the_pages() -> Any:
    """The module of the pages that computes the drawing; it needs nothing of the service."""
    path = Path(__file__).parents[1] / "src" / "ungdom" / "web" / "machine_svg.py"
    spec = importlib.util.spec_from_file_location("machine_svg", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
