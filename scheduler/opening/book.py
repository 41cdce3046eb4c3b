"""An empty workbook for an opening: a sheet for each table, with its headings, and one that explains them."""

from __future__ import annotations

import io
from pathlib import Path

from entrepot.configs.errors import ConfigurationError
from entrepot.configs.files import write_atomically
from entrepot.scheduler.opening.tables import EXAMPLES
from entrepot.scheduler.places import Places

MOST_ROWS = 100_000
"""So far down a sheet offers names to choose from."""
NEEDED = {
    "stock": "needed: every node and SKU, as it was counted; as_of says when",
    "sales": "needed: what was asked for, by day, SKU and market; 400 days are enough",
    "orders": "placed and not shipped, to suppliers and between nodes",
    "shipments": "on their way",
    "backlog": "what customers wait for; leave it empty where their orders are sent as events",
}


def write_book(path: Path, places: Places | None) -> None:
    """Write it.

    Args:
        path: of the workbook.
        places: of the network, whose names cells then offer; None where nobody said which.

    Raises:
        ConfigurationError: the file is there already.
    """
    import xlsxwriter

    if path.exists():
        raise ConfigurationError(f"--template: {str(path)!r} is there already; it is left as it is")
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        bold, plain = book.add_format({"bold": True, "bottom": 1}), book.add_format({"italic": True})
        guide = book.add_worksheet("read me")
        guide.set_column(0, 0, 12)
        guide.set_column(1, 8, 22)
        row = 0
        for name, (heading, example) in EXAMPLES.items():
            guide.write(row, 0, name, bold)
            guide.write(row, 1, NEEDED[name])
            guide.write_row(row + 1, 1, heading.split(","), bold)
            guide.write(row + 2, 0, "for example", plain)
            guide.write_row(row + 2, 1, example.split(","), plain)
            row += 4
        offered = {} if places is None else _names(places)
        for column, (name, values) in enumerate(offered.items()):
            if column == 0:
                lists = book.add_worksheet("names")
                lists.hide()
            lists.write(0, column, name)
            lists.write_column(1, column, values)
        for name, (heading, _) in EXAMPLES.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            for column, head in enumerate(heading.split(",")):
                sheet.write(0, column, head, bold)
                sheet.set_column(column, column, 30 if head == "lane" else 18)
                if head in offered:
                    letter = chr(ord("A") + list(offered).index(head))
                    source = f"=names!${letter}$2:${letter}${1 + len(offered[head])}"
                    sheet.data_validation(1, column, MOST_ROWS, column, {"validate": "list", "source": source})
    write_atomically(path, out.getvalue())


def _names(places: Places) -> dict[str, list[str]]:
    arrays = places.names.arrays
    return {
        "node": list(arrays.nodes),
        "sku": list(arrays.skus),
        "market": list(arrays.markets),
        "lane": list(arrays.lanes),
    }
