"""`passive` against `active`, and active without one part at a time, on the same scenarios."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from entrepot.agents.exported import find_module
from entrepot.agents.policy import Policy
from entrepot.agents.rules import BaseStock
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.demand import Split
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.network import NetworkDescription, load_network
from entrepot.envs.network.equipment.description import MaintenancePolicy
from entrepot.envs.observe.model import ERRONEOUS
from entrepot.envs.twin import draw_scenario
from entrepot.envs.world import World, build_world
from entrepot.training.base_stock.kept import Tuning
from entrepot.training.evaluation.evaluate import ScenarioSolver
from entrepot.training.evaluation.intervals import mean_interval, ratio_interval
from entrepot.training.events import Event, Kind, Observer, nobody
from entrepot.training.experiment import EvaluationSettings
from entrepot.training.policies import build_policies, released_folder
from entrepot.training.report.claims import open_rows, percent, twin_rows
from entrepot.training.report.measuring import Measured, measured
from entrepot.training.report.practice import (
    ACTIVE,
    BOOKINGS,
    ERRORS_OF,
    PASSIVE,
    MinMaxTuning,
    Side,
    WithoutForecasts,
    WithoutTransfers,
    lateral_lanes,
    maintained,
    recorded,
    tuned_min_max,
)
from entrepot.training.report.saved_claims import saved, saved_notes, saved_rows

RELEASED = "kreen-pathwise"
ABLATED = (
    ("settled_cost_usd_per_day", "cost, USD a day"),
    ("stock_out_rate", "stock-out rate"),
    ("lost_share", "lost sales"),
    ("moving_usd_per_unit", "replenishment cost, USD a unit"),
    ("supply_response_days", "replenishment response, days"),
    ("equipment_standstill_share", "downtime"),
    ("record_accuracy", "accuracy of records"),
    ("satisfaction", "satisfaction"),
)
"""Figures that are told for each part: name and words."""
OF_THE_RULE = (
    "in place of the learned policy stands base stock with the covers that the policy started from, tuned on kreen, on "
    "a rate midway between the last 28 days and the long run"
)


@dataclass(frozen=True)
class Report:
    """All that was found."""

    claims: list[dict[str, Any]]
    parts: list[dict[str, Any]]  # a row for each part and figure
    notes: list[str]
    provenance: dict[str, Any]

    @staticmethod
    def shown(row: dict[str, Any]) -> dict[str, Any]:
        """A claim for people."""
        return {"claim": row["claim"], "paper": row["paper"], "measured": measured_text(row), "verdict": row["verdict"]}

    @staticmethod
    def part_shown(row: dict[str, Any]) -> dict[str, Any]:
        """A part for people."""
        return {
            "without": row["without"],
            "figure": row["figure"],
            "active": row["active"],
            "active_without": row["value"],
            "passive": row["passive"],
            "share_of_the_gain": share_text(row),
        }


def put_to_the_test(
    network: str,
    demand: DemandSettings,
    settings: EvaluationSettings,
    *,
    policy: str | None,
    results: Path,
    observe: Observer = nobody,
) -> Report:
    """Measure every claim that can be measured here.

    Args:
        network: by name or path.
        demand: what customers ask for.
        settings: of the scenarios, which are of the test window.
        policy: the active side's, by name or folder; kreen's released module if None.
        results: folder of what other benchmarks saved.
        observe: told of each step.

    Raises:
        ConfigurationError: the network, the demand or the policy can't be used.
    """
    described = load_network(network)
    if described.inside is None or not described.inside.wear:
        raise ConfigurationError(
            f"{network}: nothing wears in it, so that maintenance can't be compared; allowed: one with inside.wear, "
            "such as kreen_inside"
        )
    runs = maintained(described, MaintenancePolicy.RUN_TO_FAILURE)
    kept = maintained(described, MaintenancePolicy.CONDITION_BASED)
    by_hand, worn, kept_up, stale = (
        build_world(recorded(of, side), demand, observation=ERRONEOUS)
        for of, side in ((runs, PASSIVE), (runs, ACTIVE), (kept, ACTIVE), (kept, PASSIVE))
    )
    trained = _trained(policy or str(released_folder() / RELEASED), kept_up)
    min_max, tuning = tuned_min_max(by_hand, episodes=max(settings.episodes // 2, 2), seed=settings.seed + 1)
    sides = {PASSIVE: Side(by_hand, min_max), ACTIVE: Side(kept_up, trained)}
    without, untold = _without(sides[ACTIVE], worn, stale, policy)
    found = _measured({**sides, **without}, settings, observe)
    claims = [*twin_rows(found), *saved_rows(saved(results)), *open_rows()]
    parts = [row for part in without for row in _part_rows(part, found)]
    return Report(
        claims,
        parts,
        [
            _told(tuning),
            *_errors_told(described),
            *untold,
            _safer(tuning),
            OF_THE_RULE,
            *_cost_told(found),
            *saved_notes(results),
        ],
        {
            "command": "entrepot report paper",
            "network": kept_up.description.name,
            "demand": kept_up.demand.summary,
            "policy": policy or RELEASED,
            **settings.model_dump(),
            "split": str(Split.TEST),
            "observation": ERRONEOUS,
            "bookings": {
                side: {"delay_days": days, "counts": str(counts)} for side, (days, counts) in BOOKINGS.items()
            },
            "min_max": {"safety_days": tuning.safety_days, "lot_days": tuning.lot_days, "tried": tuning.tried},
        },
    )


def _trained(name: str, world: World) -> Policy:
    (found,) = build_policies([name], world, Tuning()).values()
    if isinstance(found, ScenarioSolver):
        raise ConfigurationError(
            f"--policy: {name!r} solves whole scenarios; allowed: a policy that decides day by day"
        )
    return found


def _without(active: Side, worn: World, stale: World, policy: str | None) -> tuple[dict[str, Side], list[str]]:
    """Active without each part, and what of that can't be measured."""
    world, trained = active.world, active.policy
    untold: list[str] = []
    sides = {
        "maintenance": Side(worn, trained),
        "synchronised records": Side(stale, trained),
        "forecasts": Side(world, WithoutForecasts(trained, world.attributes)),
    }
    if lateral_lanes(world.network).any():
        sides["transfers"] = Side(world, WithoutTransfers(trained, world.network))
    else:
        untold.append("not measured: transfers; no lanes join sister warehouses")
    module = find_module(Path(policy) if policy else released_folder() / RELEASED)
    if module is not None:
        cover = torch.tensor(module.network["base_cover_days"]).to(world.attributes.base_cover_days)
        if cover.shape == world.attributes.base_cover_days.shape:
            sides["the learned policy"] = Side(world, BaseStock.midway(world.attributes, cover))
    if "the learned policy" not in sides:
        untold.append("not measured: the learned policy against the rule that it started from, whose covers it lacks")
    return sides, untold


def _measured(sides: dict[str, Side], settings: EvaluationSettings, observe: Observer) -> dict[str, Measured]:
    """Each side on the same scenarios: they hang on the seed, not on how equipment is maintained."""
    days = settings.warm_up_days + settings.days
    found = {}
    for name, side in sides.items():
        world = side.world
        scenario = draw_scenario(
            world.network,
            world.demand,
            episodes=settings.episodes,
            days=days,
            split=Split.TEST,
            seed=settings.seed,
            device=world.parameters.device,
        )
        found[name] = measured(side, scenario, settings, done=_counted(observe, name, days))
    return found


def _counted(observe: Observer, name: str, days: int) -> Callable[[int], None]:
    return lambda day: observe(Event(Kind.JUDGING, day, days, name))


def _part_rows(part: str, found: dict[str, Measured]) -> list[dict[str, Any]]:
    rows = []
    for figure, words in ABLATED:
        passive, active, lacking = (found[side].get(figure) for side in (PASSIVE, ACTIVE, part))
        if passive is None or active is None or lacking is None:
            continue
        share, low, high = ratio_interval(lacking - active, passive - active)
        change, change_low, change_high = (value - 1 for value in ratio_interval(lacking, active))
        rows.append(
            {
                "without": part,
                "figure": words,
                "passive": float(passive.mean()),
                "active": float(active.mean()),
                "value": float(lacking.mean()),
                "change": change,
                "change_low": change_low,
                "change_high": change_high,
                "share_of_gain": share,
                "share_of_gain_low": low,
                "share_of_gain_high": high,
                "gain_is_certain": bool(_certain(passive - active)),
            }
        )
    return rows


def _certain(gain: Any) -> bool:
    """Whether passive and active differ beyond doubt, so that a share of the difference means something."""
    low, high = mean_interval(gain)
    return bool(low > 0 or high < 0)


def _told(tuning: MinMaxTuning) -> str:
    saved = 1 - tuning.usd_per_day / tuning.usual_usd_per_day
    delay, counts = BOOKINGS[PASSIVE]
    return (
        f"passive: min-max with {tuning.safety_days:g} days of safety and lots of {tuning.lot_days:g} days, the best "
        f"of {tuning.tried} pairs on validation scenarios, {saved:.1%} below 14 and 28 days; its records are booked "
        f"{delay} days late (an assumption) and counted {counts}"
    )


def _errors_told(described: NetworkDescription) -> list[str]:
    """Whose errors of records both sides have."""
    if described.records is not None:
        return []
    return [f"{described.name} says nothing of errors of records: they are those of {ERRORS_OF}, all assumptions"]


def _safer(tuning: MinMaxTuning) -> str:
    safety, lot = tuning.safest
    return (
        f"passive is tuned to cost least; of the pairs that were tried {safety:g} and {lot:g} days have the fewest "
        f"stock-outs: {percent(tuning.safest_stock_out_ratio - 1)} at {percent(tuning.safest_cost_ratio - 1)} of cost, "
        "on validation scenarios"
    )


def _cost_told(found: dict[str, Measured]) -> list[str]:
    cost = "settled_cost_usd_per_day"
    change, low, high = (value - 1 for value in ratio_interval(found[ACTIVE][cost], found[PASSIVE][cost]))
    alone = "equipment_usd_per_day"
    passive, active = (found[side][cost] - found[side][alone] for side in (PASSIVE, ACTIVE))
    rest, rest_low, rest_high = (value - 1 for value in ratio_interval(active, passive))
    return [
        f"all costs together, stock settled: passive {found[PASSIVE][cost].mean():,.0f} USD a day, active "
        f"{found[ACTIVE][cost].mean():,.0f}, {percent(change)} ({percent(low)} to {percent(high)})",
        f"the same but for equipment, whose prices are assumptions: {percent(rest)} ({percent(rest_low)} to "
        f"{percent(rest_high)})",
    ]


def measured_text(row: dict[str, Any]) -> str:
    """A claim's figure with its interval."""
    value, low, high = (row[name] for name in ("measured", "measured_low", "measured_high"))
    if value is None:
        return "–"
    if row["unit"] == "share":
        text = percent(value)
        return text if low == high else f"{text} ({percent(low)} to {percent(high)})"
    if row["unit"] == "share of events":
        return f"{100 * value:.2f} %"
    value, low, high = (f"{one:,.0f}" if abs(one) >= 1000 else f"{one:.3g}" for one in (value, low, high))
    return f"{value} {row['unit']}" + ("" if low == high else f" ({low} to {high})")


def share_text(row: dict[str, Any]) -> str:
    """How much of the gain a part makes; nothing where there is no certain gain."""
    if not row["gain_is_certain"]:
        return "no certain gain"
    share, low, high = (100 * row[f"share_of_gain{end}"] for end in ("", "_low", "_high"))
    return f"{share:.0f} % ({low:.0f} to {high:.0f})".replace("-", "−")
