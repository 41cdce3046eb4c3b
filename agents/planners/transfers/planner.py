"""Choose route, departures and consolidation of several transfers at the least cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from entrepot.agents.planners.transfers.bounds import ROUNDING, Terms, narrowed, one_by_one
from entrepot.agents.planners.transfers.expansion import Expansion
from entrepot.agents.planners.transfers.plan import Booked, Plan
from entrepot.agents.planners.transfers.program import solved
from entrepot.agents.planners.transfers.transfer import Transfer, refuse
from entrepot.configs.errors import EntrepotError
from entrepot.envs.network.routes import RouteMap

CAP_SECONDS = 10.0


class NoPlanError(EntrepotError, RuntimeError):
    """No plan was found: departures have no room for all, or there was no time to find one."""

    exit_code = 1


def plan_transfers(
    transfers: Sequence[Transfer],
    routes: RouteMap,
    *,
    booked: Booked | None = None,
    usd_per_kg_co2e: float = 0.0,
    cap_seconds: float = CAP_SECONDS,
) -> Plan:
    """The plan of least cost in which every transfer is in time, with a bound that says how sure that is.

    A transfer travels as one. All that travels on a departure pays one fee and shares its containers and chargeable
    mass. What is minimised is freight, each transfer's days at its `usd_per_day`, and CO₂e at its price. Where
    transfers can't gain from each other, a shortest path is the proof; else HiGHS solves the time-expanded network,
    without the departures that are in no best plan.

    Args:
        transfers: what is to be moved.
        routes: places and legs.
        booked: what is on departures already.
        usd_per_kg_co2e: the price of carbon.
        cap_seconds: for HiGHS; after it the best plan so far is given, with its `gap`.

    Raises:
        ConfigurationError: a transfer is of unknown places, or can't be in time.
        NoPlanError: departures have no room for all.
    """
    refuse(transfers, routes)
    terms = Terms(booked or {}, usd_per_kg_co2e)
    if not transfers:
        return terms.priced((), ())
    expansions = [Expansion.of(transfer, routes) for transfer in transfers]
    known = one_by_one(expansions, terms)
    left, bound = narrowed(expansions, terms, inf if known is None else known.usd)
    best = known
    if known is None or bound < known.usd - ROUNDING * max(abs(known.usd), 1.0):
        better, proved = solved(left, terms, seconds=cap_seconds)
        if better is not None and (best is None or better.usd < best.usd):
            best = better
        bound = max(bound, proved)
    if best is None:
        names = ", ".join(transfer.name for transfer in transfers)
        why = "departures in time have no room for all" if bound == inf else f"none in {cap_seconds:g} s"
        raise NoPlanError(f"transfers {names}: no plan was found: {why}")
    return replace(best, bound_usd=min(bound, best.usd))
