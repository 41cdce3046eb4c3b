"""`entrepot decide`: today's orders for a network, from its records."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from json import loads as parse_json
from pathlib import Path
from typing import Annotated

import typer

from entrepot.agents.recorded import Order, RecordedDecision, decide_from_records
from entrepot.command_line.modules import module_of
from entrepot.command_line.recorded import Column, DateFormat
from entrepot.command_line.tables import Row, console, table, write_json
from entrepot.configs.errors import ConfigurationError, cannot_write
from entrepot.configs.files import write_atomically
from entrepot.envs.network import load_network
from entrepot.envs.snapshot import Records, calendar
from entrepot.envs.snapshot.records.records import MOST_LEFT_OUT

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)

SHOWN = ("lane", "sku", "units", "held", "why")


@app.command("decide")
def decide(
    network: Annotated[
        str,
        typer.Argument(metavar="NETWORK", help="A network that ships with the package, or the path of a YAML file."),
    ],
    stock: Annotated[Path, typer.Option(help="node, sku, on_hand; dock, reserved, allocated, as_of.", metavar="FILE")],
    sales: Annotated[Path, typer.Option(help="date, sku, market, units; 400 days are best.", metavar="FILE")],
    date: Annotated[str, typer.Option(help="The day to decide for.", metavar="YYYY-MM-DD")],
    shipments: Annotated[
        Path | None, typer.Option(help="sku, units, destination or lane, eta or departed.", metavar="FILE")
    ] = None,
    orders: Annotated[
        Path | None, typer.Option(help="Placed, not shipped: sku, units, lane, eta or ordered.", metavar="FILE")
    ] = None,
    backlog: Annotated[
        Path | None, typer.Option(help="What customers wait for: market, sku, units.", metavar="FILE")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="Of when the stock is, if its records don't say.", metavar="TIME")
    ] = None,
    sales_until: Annotated[
        str | None, typer.Option(help="The last day that sales cover, if none may have been.", metavar="YYYY-MM-DD")
    ] = None,
    zone: Annotated[
        list[str] | None,
        typer.Option(
            help="Time zone in which days begin, for all or for one place; may be repeated.", metavar="[PLACE=]ZONE"
        ),
    ] = None,
    column: Column = None,
    date_format: DateFormat = None,
    most_left_out: Annotated[
        float, typer.Option(min=0, max=1, help="Share of rows that may name what the network doesn't have.")
    ] = MOST_LEFT_OUT,
    lane_open: Annotated[
        list[str] | None,
        typer.Option(help="What a lane can carry of its usual; may be repeated.", metavar="LANE=SHARE"),
    ] = None,
    lane_wait: Annotated[
        list[str] | None,
        typer.Option(
            help="Days to a lane's next departure, if not as scheduled; may be repeated.", metavar="LANE=DAYS"
        ),
    ] = None,
    equipment: Annotated[
        list[str] | None, typer.Option(help="Of a node's usual throughput; may be repeated.", metavar="NODE=SHARE")
    ] = None,
    skus: Annotated[int | None, typer.Option(min=1, help="How many SKUs to take from the catalogue.")] = None,
    policy: Annotated[
        Path | None, typer.Option(help="An exported module. [default: the one that ships]", metavar="FOLDER")
    ] = None,
    covers: Annotated[
        Path | None,
        typer.Option(help="Days of cover to start from: a base_stock.json tuned for the network.", metavar="FILE"),
    ] = None,
    budget_usd: Annotated[float | None, typer.Option(help="For goods, freight and duty.")] = None,
    approval_units: Annotated[float | None, typer.Option(help="Hold a lane's order of more units.")] = None,
    approval_usd: Annotated[float | None, typer.Option(help="Hold a lane's order of more value.")] = None,
    approval_sales_days: Annotated[
        float | None, typer.Option(help="Hold a lane's order of more days of last month's sales at its destination.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the orders to FILE.", metavar="FILE.csv")] = None,
    json: Annotated[
        Path | None, typer.Option("--json", help="Write orders, remarks and reasons to FILE.", metavar="FILE")
    ] = None,
) -> None:
    """Say what to order today, from a network and its records.

    Records are .csv, .tsv or workbooks; docs/inference.md says what their columns mean. For example:

    `entrepot decide my_network.yaml --stock stock.csv --shipments shipments.csv --sales sales.csv --date 2026-11-25`
    """
    described = load_network(network, skus=skus)
    records = Records(
        stock=stock,
        sales=sales,
        shipments=shipments,
        orders=orders,
        backlog=backlog,
        as_of=as_of,
        sales_until=sales_until,
        columns=_pairs("--column", column, "COLUMN=THEIRS"),
        date_format=date_format,
        most_left_out=most_left_out,
    )
    zones = [text.partition("=") for text in zone or ()]
    everywhere = [name for name, sign, _ in zones if not sign]
    if len(everywhere) > 1:
        raise ConfigurationError(f"--zone: {everywhere[1]!r}; one zone is given already: {everywhere[0]!r}")
    result = decide_from_records(
        module_of(policy),
        described,
        records,
        date,
        decided_at=_now_if_today(date, everywhere[0] if everywhere else "UTC"),
        zone=everywhere[0] if everywhere else None,
        zones={place: name for place, sign, name in zones if sign},
        lane_open=_figures("--lane-open", lane_open, "LANE=SHARE"),
        lane_wait_days=_figures("--lane-wait", lane_wait, "LANE=DAYS"),
        equipment=_figures("--equipment", equipment, "NODE=SHARE"),
        covers=None if covers is None else _covers(covers),
        budget_usd=budget_usd,
        approval_units=approval_units,
        approval_usd=approval_usd,
        approval_sales_days=approval_sales_days,
    )
    rows = [asdict(order) for order in result.orders()]
    _print(described.title or described.name, date, result, rows)
    if out:
        _write_csv(out, rows)
    if json:
        provenance = {
            "command": "decide",
            "network": network,
            "date": date,
            "age_seconds": float(result.age_seconds.max()),
            "source": result.decision.source[0],
            "module": result.decision.versions.module,
            "manifest_digest": result.decision.versions.manifest_digest,
        }
        remarks = [{"kind": said.kind, "table": said.table, "message": said.message} for said in result.remarks]
        reasons = [
            {"rung": said.rung, "field": said.field, "message": said.message} for said in result.decision.reasons[0]
        ]
        write_json(json, rows, provenance=provenance, remarks=remarks, reasons=reasons)


def _covers(path: Path) -> dict[str, dict[str, float]]:
    """Days by lane and SKU, of what training or an exported module keeps."""
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise ValueError("not a plain file")
        table = parse_json(path.read_text(encoding="utf-8"))["cover_days"]
        return {str(lane): {str(sku): float(days) for sku, days in row.items()} for lane, row in table.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        why = "nested too deep" if isinstance(error, RecursionError) else repr(error)[:200]
        raise ConfigurationError(
            f"--covers: {str(path)!r} can't be read ({why}); allowed: a base_stock.json or fallback.json, with "
            "cover_days by lane and SKU"
        ) from None


def _now_if_today(date: str, zone: str) -> datetime | None:
    """The present moment where the decision is for the present day; another day is decided as it begins."""
    now = datetime.now(UTC)
    return now if now.astimezone(calendar.zone_named(zone)).date().isoformat() == date else None


def _pairs(option: str, texts: Sequence[str] | None, form: str) -> dict[str, str]:
    pairs = {}
    for text in texts or ():
        name, sign, value = text.partition("=")
        if not (name and sign and value):
            raise ConfigurationError(f"{option}: {text!r}; allowed: {form}")
        pairs[name.strip()] = value.strip()
    return pairs


def _figures(option: str, texts: Sequence[str] | None, form: str) -> dict[str, float]:
    figures = {}
    for name, text in _pairs(option, texts, form).items():
        try:
            figures[name] = float(text)
        except ValueError:
            raise ConfigurationError(f"{option}: {name}={text}; allowed: {form}, a number") from None
    return figures


def _print(title: str, date: str, result: RecordedDecision, rows: Sequence[Row]) -> None:
    out, decision = console(), result.decision
    for remark in result.remarks:
        out.print(str(remark), style="yellow" if remark.kind != "assumed" else "", markup=False, highlight=False)
    for reason in decision.reasons[0]:
        out.print(str(reason), style="yellow", markup=False, highlight=False)
    if rows:
        out.print(table(f"Orders of {title} on {date}", [{name: row[name] for name in SHOWN} for row in rows]))
    else:
        out.print(f"{title}: nothing to order on {date}", markup=False, highlight=False)
    out.print(
        f"decided by the {decision.source[0]} of {decision.versions.module}; the stock is "
        f"{result.age_seconds.max() / 3600:.1f} hours old",
        markup=False,
        highlight=False,
    )


def _write_csv(path: Path, rows: Sequence[Row]) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [field.name for field in fields(Order)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    try:
        write_atomically(path, text.getvalue())
    except OSError as error:
        raise cannot_write(path, error, "--out") from error
