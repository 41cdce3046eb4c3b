"""`entrepot serve`: the live scheduler."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from entrepot.command_line.modules import module_of
from entrepot.command_line.scheduling import Data, Network, Policy, Skus, Store, Zone, places_of
from entrepot.command_line.tables import console, tell
from entrepot.configs.errors import ConfigurationError
from entrepot.configs.files import write_atomically
from entrepot.envs.snapshot.records.table import Columns, read_table
from entrepot.scheduler.alerts.channels import ASSUMED_ESCALATE_MINUTES, Channels
from entrepot.scheduler.allocation.terms import ASSUMED_SHIPMENT_USD, ASSUMED_SHIPS_UNTIL, Terms
from entrepot.scheduler.clock import WallClock
from entrepot.scheduler.decisions.settings import ASSUMED_CUT_OFF, Settings
from entrepot.scheduler.inputs.jetstream import Broker
from entrepot.scheduler.outbox.webhook import Webhook
from entrepot.scheduler.server.logs import log_as_json
from entrepot.scheduler.server.run import Address, Server
from entrepot.scheduler.server.tokens import SCOPES, Tokens
from entrepot.scheduler.store.retention import ASSUMED_KEEP_DAYS, LEAST_KEEP_DAYS

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)

FIRST_TOKEN = "first-token"


class Mode(StrEnum):
    """What becomes of orders."""

    SHADOW = "shadow"
    CANARY = "canary"
    LIVE = "live"


@app.command("serve")
def serve(
    network: Network,
    data: Data,
    policy: Policy = None,
    store: Store = None,
    zone: Zone = None,
    skus: Skus = None,
    mode: Annotated[
        Mode, typer.Option(help="shadow: say what would go out; canary: let some SKUs go out; live: all.")
    ] = Mode.SHADOW,
    canary: Annotated[
        list[str] | None, typer.Option(help="A SKU that goes out in mode canary; may be repeated.", metavar="SKU")
    ] = None,
    cut_off: Annotated[
        list[str] | None,
        typer.Option(
            help="Until when lanes take orders on days on which they depart, where they start, for all or for one; "
            "may be repeated. [default: 16:00, an assumption]",
            metavar="[LANE=]HH:MM",
        ),
    ] = None,
    plan_minutes: Annotated[float, typer.Option(min=0.1, help="Make a plan this often.")] = 5.0,
    budget_usd: Annotated[float | None, typer.Option(help="For goods, freight and duty of a plan.")] = None,
    approval_units: Annotated[float | None, typer.Option(help="Hold a lane's order of more units.")] = None,
    approval_usd: Annotated[float | None, typer.Option(help="Hold a lane's order of more value.")] = None,
    webhook: Annotated[
        str | None, typer.Option(help="Where released orders are posted; they wait in the outbox else.", metavar="URL")
    ] = None,
    webhook_secret: Annotated[
        Path | None, typer.Option(help="A file with the secret that orders are signed with.", metavar="FILE")
    ] = None,
    alerts: Annotated[
        Path | None,
        typer.Option(
            help="To whom alerts are told by webhook and e-mail; see docs/operations.md.", metavar="FILE.yaml"
        ),
    ] = None,
    release_on_alerts: Annotated[
        bool,
        typer.Option("--release-on-alerts", help="Where stock runs out, release lanes there before their cut-off."),
    ] = False,
    allocate: Annotated[
        bool, typer.Option("--allocate", help="Reserve stock for customers' orders as they come (--mode live).")
    ] = False,
    shipment_usd: Annotated[
        float | None,
        typer.Option(min=0, help="What a parcel to a customer costs, beside its units. [default: 4, an assumption]"),
    ] = None,
    ships_until: Annotated[
        list[str] | None,
        typer.Option(
            help="Until when a node's parcels leave on the same day, for all or for one; may be repeated. "
            "[default: 16:00, an assumption]",
            metavar="[NODE=]HH:MM",
        ),
    ] = None,
    keep_days: Annotated[
        float,
        typer.Option(
            min=LEAST_KEEP_DAYS,
            help="Keep all of what was told so long, and of what is older what decisions ask for. An assumption.",
        ),
    ] = ASSUMED_KEEP_DAYS,
    identifiers: Annotated[
        Path | None,
        typer.Option(
            help="Columns theirs and ours: what identifiers in EPCIS documents are called in the network.",
            metavar="FILE.csv",
        ),
    ] = None,
    broker: Annotated[
        str | None,
        typer.Option(
            "--input",
            envvar="ENTREPOT_INPUT",
            help="Read events from NATS JetStream, too.",
            metavar="nats://HOST[:PORT][/STREAM]",
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = Address.host,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes a free one.")] = Address.port,
    certificate: Annotated[Path | None, typer.Option(help="For TLS.", metavar="FILE.pem")] = None,
    key: Annotated[Path | None, typer.Option(help="Of the certificate.", metavar="FILE.pem")] = None,
) -> None:
    """Serve the live scheduler: events in over HTTP, plans, and orders released once per lane at its cut-off.

    Everything is kept in the folder at --data. docs/operations.md says what is sent and asked for. For example:

    `entrepot serve kreen --data live --zone Asia/Shanghai`
    """
    places = places_of(network, zone, skus)
    general, by_lane = _times("--cut-off", cut_off)
    ships, by_node = _times("--ships-until", ships_until)
    terms = Terms(
        shipment_usd=ASSUMED_SHIPMENT_USD if shipment_usd is None else shipment_usd,
        ships_until=ships or ASSUMED_SHIPS_UNTIL,
        by_node=by_node,
        by_itself=allocate,
    )
    settings = Settings(
        mode=mode.value,
        canary=frozenset(canary or ()),
        plan_every=timedelta(minutes=plan_minutes),
        cut_off=general or ASSUMED_CUT_OFF,
        cut_offs=by_lane,
        budget_usd=budget_usd,
        approval_units=approval_units,
        approval_usd=approval_usd,
        release_on_alerts=release_on_alerts,
    )
    channels = Channels() if alerts is None else Channels.read(alerts)
    if (webhook is None) != (webhook_secret is None):
        raise ConfigurationError("--webhook, --webhook-secret: give both, or neither")
    posted = None if webhook is None or webhook_secret is None else Webhook.of(webhook, webhook_secret)
    module = module_of(policy, apart=True)
    out = console()
    address, called = Address(host, port, certificate, key), _identifiers(identifiers)
    server = Server(
        data,
        places,
        module,
        settings,
        WallClock(),
        address,
        posted,
        terms,
        channels=channels,
        identifiers=called,
        keep=timedelta(days=keep_days),
        store=store,
        broker=None if broker is None else Broker.of(broker),
    )
    recovery = server.writer.recovery
    lines = [
        f"{places.network.title or places.network.name}: {recovery.position} events, {recovery.replayed} replayed"
        + (f" ({recovery.why})" if recovery.why else ""),
        f"policy {server.desk.policies.current.versions.module}"
        + (f", in place of {module.versions.module}" if server.desk.policies.current is not module else "")
        + f"; mode {settings.mode}"
        + {"shadow": ": nothing goes out (--mode live)", "canary": f": {len(settings.canary)} SKUs go out", "live": ""}[
            settings.mode
        ],
    ]
    if keep_days == ASSUMED_KEEP_DAYS:
        lines.append(f"assumed: all of what is told is kept {ASSUMED_KEEP_DAYS} days (--keep-days)")
    if not zone:
        lines.append("assumed: days begin in UTC everywhere (--zone)")
    if general is None and len(by_lane) < len(places.names.arrays.lanes):
        lines.append(f"assumed: lanes take orders until {ASSUMED_CUT_OFF:%H:%M} where they start (--cut-off)")
    if channels.names and "escalate_minutes" not in channels.model_fields_set:
        lines.append(f"assumed: alerts are told again after {ASSUMED_ESCALATE_MINUTES:.0f} minutes (escalate_minutes)")
    if channels.smtp is not None and channels.smtp.tls == "none":
        lines.append("warning: e-mails of alerts travel unencrypted (smtp.tls)")
    if allocate and settings.mode != "live":
        lines.append("--allocate: nothing is reserved in shadow; ask for a preview (POST /v1/allocations)")
    if allocate and shipment_usd is None:
        lines.append(f"assumed: a parcel costs {ASSUMED_SHIPMENT_USD:.2f} USD beside its units (--shipment-usd)")
    if allocate and ships is None and len(by_node) < len(places.names.arrays.nodes):
        lines.append(f"assumed: parcels leave on the same day until {ASSUMED_SHIPS_UNTIL:%H:%M} (--ships-until)")
    if host not in ("127.0.0.1", "::1", "localhost") and certificate is None:
        lines.append("warning: tokens and events travel unencrypted (--certificate, --key)")
    lines.extend(_first_token(data))
    tell(lines, out)
    log_as_json()
    server.run()


def _identifiers(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    table = read_table("identifiers", path, Columns(needed=("theirs", "ours")))
    return {str(row.get("theirs")).strip(): str(row.get("ours")).strip() for row in table.rows}


def _first_token(folder: Path) -> list[str]:
    """Where there is no token yet, make one for everything; its text goes into a file that only its owner reads."""
    tokens = Tokens(folder)
    if tokens.all():
        return []
    path = folder / FIRST_TOKEN
    os.umask(0o077)
    write_atomically(path, tokens.issue("first", "/", list(SCOPES)) + "\n")
    os.chmod(path, 0o600)
    return [f"a first token for everything is in {path}; make narrower ones (entrepot token new) and withdraw it"]


def _times(option: str, texts: Sequence[str] | None) -> tuple[time | None, dict[str, time]]:
    """Times of day of an option: the one for all, and those by name."""
    general: time | None = None
    by_name: dict[str, time] = {}
    for text in texts or ():
        name, sign, value = text.rpartition("=")
        try:
            found = time.fromisoformat(value)
        except ValueError:
            raise ConfigurationError(f"{option}: {text!r}; allowed: HH:MM or NAME=HH:MM") from None
        if sign:
            by_name[name] = found
        elif general is not None:
            raise ConfigurationError(f"{option}: {text!r}; one for all is given already: {general:%H:%M}")
        else:
            general = found
    return general, by_name
