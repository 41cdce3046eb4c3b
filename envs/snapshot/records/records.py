"""The records that a snapshot is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import datetime

from entrepot.envs.snapshot.records import on_the_way, sales, stock
from entrepot.envs.snapshot.records.remarks import Remarks
from entrepot.envs.snapshot.records.sales import DailySales
from entrepot.envs.snapshot.records.stock import Stock
from entrepot.envs.snapshot.records.table import Source, Table, read_table

MOST_LEFT_OUT = 0.02
TABLES = {
    "stock": stock.COLUMNS,
    "sales": sales.COLUMNS,
    "shipments": on_the_way.SHIPMENT_COLUMNS,
    "orders": on_the_way.ORDER_COLUMNS,
    "backlog": sales.BACKLOG_COLUMNS,
}


@dataclass(frozen=True)
class Records:
    """Where records are, and how they are written.

    A source is the path of a .csv, .tsv or workbook, or rows as mappings from column to value.

    Attributes:
        stock: node, sku, on_hand; may have dock, reserved, allocated, as_of; or sums in the network's order.
        sales: date, sku, market, units; or daily sums up to the day before the decision, in the network's order.
        shipments: sku, units, and lane or destination; may have origin, mode, eta, departed, received, order.
        orders: placed and not shipped; as shipments, with ordered in place of departed.
        backlog: market, sku, units that customers wait for; may have allocated.
        as_of: of when the stock is, where its records don't say.
        sales_until: the last day that sales cover, if nothing may have been sold on it, YYYY-MM-DD.
        columns: what columns are called in the records, by the name that they have here.
        date_format: as `strptime` has it; ISO 8601 if None.
        most_left_out: share of a table's rows that may name what the network doesn't have.
    """

    stock: Source | Stock
    sales: Source | DailySales
    shipments: Source | None = None
    orders: Source | None = None
    backlog: Source | None = None
    as_of: str | datetime | None = None
    sales_until: str | Date | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    date_format: str | None = None
    most_left_out: float = MOST_LEFT_OUT

    def tables(self, remarks: Remarks) -> dict[str, Table]:
        """Read all that were given, by name.

        Raises:
            ConfigurationError: a file can't be read, or a column is missing.
        """
        found = {}
        for name, columns in TABLES.items():
            source: Source | Stock | DailySales | None = getattr(self, name)
            if source is None or isinstance(source, Stock | DailySales):
                continue
            found[name] = read_table(name, source, columns, self.columns)
            if found[name].unread:
                remarks.assumed(name, f"columns that mean nothing here aren't read: {', '.join(found[name].unread)}")
        return found
