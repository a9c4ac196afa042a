"""The page: the document, the styles and the scripts in one file."""

from __future__ import annotations

import html
import json
from importlib import resources
from typing import Any

SCRIPTS = ("data", "math", "tensors", "lanes", "tape", "panes", "find", "flame", "player")


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath("assets", name).read_text("utf-8")


def as_html(document: dict[str, Any]) -> str:
    """The page of a trace's document.

    The document stands in it as JSON whose ``<`` are escaped, so that no text of the program can
    end the script element; the scripts make text nodes of it and never markup.
    """
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    parts = {
        "title": html.escape(f"{document['title']}: tape"),
        "style": _asset("page.css"),
        "script": "\n".join(_asset(f"{name}.js") for name in SCRIPTS),
        "data": data.replace("<", "\\u003c"),
    }
    before, *rest = _asset("page.html").split("{{")
    pieces = [before]
    for piece in rest:
        name, _, after = piece.partition("}}")
        pieces += [parts[name], after]
    return "".join(pieces)


def as_frame(document: dict[str, Any], height: int = 720) -> str:
    """The page in a frame, for a notebook."""
    page = html.escape(as_html(document), quote=True)
    return (
        f'<iframe title="tape" srcdoc="{page}" sandbox="allow-scripts" '
        f'style="width:100%;height:{height}px;border:1px solid #8888"></iframe>'
    )
