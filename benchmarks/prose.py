"""Text of pages that scripts write, wrapped as people would wrap it."""

from __future__ import annotations

import re
import textwrap

WIDTH = 120
AS_IT_IS = ("#", "|", "!", "```")
"""How a line begins that is no prose: a heading, a table, a picture, code."""
UNIT = re.compile(r"(?<=\d) (?=(%|s|USD)(\W|$))")
NO_BREAK = "\N{NO-BREAK SPACE}"


def wrapped(page: str) -> str:
    """The page with its paragraphs and list items wrapped; a figure and its unit stay together.

    Headings, tables and pictures stay as they are, and so does code, whose block must have no empty lines.
    """
    return "\n\n".join(_block(block) for block in re.split(r"\n{2,}", page.strip("\n"))) + "\n"


def _block(block: str) -> str:
    if block.startswith(AS_IT_IS):
        return block
    items: list[str] = []
    for line in block.splitlines():
        if line.startswith("- ") or not items:
            items.append(line)
        else:
            items[-1] += f" {line.strip()}"
    return "\n".join(_item(item) for item in items)


def _item(item: str) -> str:
    hanging = "  " if item.startswith("- ") else ""
    filled = textwrap.fill(
        UNIT.sub(NO_BREAK, item), WIDTH, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
    )
    return filled.replace(NO_BREAK, " ")
