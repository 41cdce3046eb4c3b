"""`entrepot decisions`: plans and releases of a scheduler, and a decision made again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from entrepot.command_line.modules import module_of
from entrepot.command_line.scheduling import Data, Network, Policy, Skus, Store, Zone, places_of
from entrepot.command_line.tables import console, table, tell, write_json
from entrepot.configs.errors import EntrepotError
from entrepot.scheduler.decisions import kept
from entrepot.scheduler.decisions.replay import replay
from entrepot.scheduler.store.folder import connect_to_read

app = typer.Typer(
    no_args_is_help=True,
    help="Look at a scheduler's plans and releases, and make a decision again.",
    rich_markup_mode="markdown",
    add_completion=False,
)
Json = Annotated[Path | None, typer.Option("--json", help="Write the same to FILE.", metavar="FILE")]


class DiffersError(EntrepotError):
    """A decision that was made again came out another one."""

    exit_code = 1


@app.command("list")
def list_plans(
    data: Data,
    store: Store = None,
    most: Annotated[int, typer.Option(min=1, help="So many, the latest first.")] = 20,
) -> None:
    """Show the latest plans, and releases with what became of them: units confirmed, shipped and received since."""
    connection, out = connect_to_read(data, store), console()
    plans = [
        {
            "plan": one["id"],
            "made": one["made"].isoformat(timespec="seconds"),
            "events": one["position"],
            "source": one["source"],
            "lines": len(one["lines"]),
        }
        for one in kept.plans(connection, most)
    ]
    found = [
        {
            **{name: one[name] for name in ("lane", "day", "state")},
            "units": sum(float(line["units"]) for line in msgspec.json.decode(one["lines"])),
            **{name: one[f"{name}_units"] for name in ("confirmed", "shipped", "received")},
            "plan": one["plan"],
            "made": one["made"].isoformat(timespec="seconds"),
        }
        for one in kept.releases(connection, most)
    ]
    for title, rows in (("Plans", plans), ("Releases", found)):
        if rows:
            out.print(table(title, rows))
        else:
            out.print(f"no {title.casefold()}")


@app.command("replay")
def replay_plan(
    plan: Annotated[str, typer.Argument(help="As `entrepot decisions list` names it.")],
    network: Network,
    data: Data,
    store: Store = None,
    policy: Policy = None,
    zone: Zone = None,
    skus: Skus = None,
    json: Json = None,
) -> None:
    """Fold the events up to a plan anew, decide again, and say whether inputs and orders are the same, bit for bit.

    Network, zones and policy must be those with which the plan was made. A server may run meanwhile.
    """
    found = replay(connect_to_read(data, store), places_of(network, zone, skus), module_of(policy), plan)
    out = console()
    rows = [
        {"lane": line.lane, "sku": line.sku, "units": line.units, "held": line.held, "why": line.why}
        for line in found.plan.summary.lines
    ]
    if rows:
        out.print(table(f"Orders of plan {plan}, decided again", rows))
    tell(
        [
            f"inputs: {'the same bits' if found.same_inputs else 'DIFFER'}",
            f"orders: {'the same bits' if found.same_orders else f'DIFFER in {found.differing} cells'}",
        ],
        out,
    )
    if json:
        context = found.plan.context
        provenance = {
            "command": "decisions replay",
            "plan": plan,
            "network": network,
            "module": context.module,
            "manifest_digest": context.manifest_digest,
            "decided_at": context.now.isoformat(),
            "events": found.plan.position,
            "same_inputs": found.same_inputs,
            "same_orders": found.same_orders,
        }
        write_json(json, rows, provenance=provenance)
    if not (found.same_inputs and found.same_orders):
        raise DiffersError(f"plan {plan}: decided again, it is another one")
