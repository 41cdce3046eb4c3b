"""From a run's folder to an exported module: policy, golden cases, envelope, fallback and metrics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from entrepot.agents.inference.envelope import envelope_of, widened
from entrepot.agents.inference.manifest import Envelope
from entrepot.configs.loader import is_path
from entrepot.envs.demand import Split
from entrepot.envs.observe.arrays import network_arrays
from entrepot.envs.observe.snapshot import long_run_deviation
from entrepot.envs.opening import stocked
from entrepot.envs.snapshot.attributes import attribute_arrays
from entrepot.envs.twin import draw_scenario
from entrepot.envs.world import World
from entrepot.training.base_stock.file import load_rule
from entrepot.training.experiment import BASE_STOCK_FILE, ExperimentSettings
from entrepot.training.export import SnapshotRecorder, export_policy
from entrepot.training.export.folder import refuse_weeks
from entrepot.training.pathwise.drawn import drawn_worlds
from entrepot.training.rollout import roll_out
from entrepot.training.trainers.runs import Run, load_run
from entrepot.training.world import world_of

RECORDED_EPISODES = 16
RECORDED_DAYS = 180
GOLDEN_CASES = 4
DRAWN_EPISODES = 4
"""On each of the networks that were drawn."""


def export_run(run: Path, out: Path, *, name: str | None = None, version: str | None = None) -> Path:
    """Export a run's best policy for the network it was trained on.

    The input envelope and the golden cases are recorded while the policy runs through training scenarios; the fallback
    is the base stock that was tuned beside it. Where networks were drawn, the envelope is of some of them too.

    Args:
        run: the run's folder.
        out: where modules are kept.
        name: of the module; the run's if None.
        version: of the module; the next free one if None.

    Returns:
        The module's folder.

    Raises:
        ConfigurationError: the folder holds no run, the version isn't digits, or the policy reads weeks of demand.
        FileExistsError: the version is there already.
    """
    loaded = load_run(run)
    experiment = loaded.experiment
    refuse_weeks(loaded.module, experiment.run)
    world = world_of(experiment)
    fallback = load_rule(run / BASE_STOCK_FILE, world.network).cover
    world = world.starting_from(loaded.cover_days)
    recorder = _recorded(loaded, world)
    records = recorder.records
    deviation = long_run_deviation(world.demand)
    attributes = attribute_arrays(
        world.network, world.demand.mean_units_per_day, deviation, loaded.cover_days.double().numpy()
    )
    golden = {key: values[:GOLDEN_CASES] for key, values in records[-1].items()}
    return export_policy(
        loaded.module,
        world.network,
        world.demand.mean_units_per_day,
        folder=out,
        name=name or experiment.run,
        network_name=world.description.name,
        golden=golden,
        envelope=widened([envelope_of(attributes, records), *_of_drawn(loaded, world)]),
        fallback_cover=fallback.numpy(),
        provenance=provenance_of(experiment, world),
        month_index=world.demand.month_index,
        demand_deviation=deviation,
        base_cover_days=loaded.cover_days.double().numpy(),
        metrics=_metrics(run),
        version=version,
        largest_orders=recorder.largest,
    )


def _of_drawn(run: Run, like: World) -> list[Envelope]:
    """The envelopes of the first networks that the run was trained on, where they were drawn."""
    worlds = drawn_worlds(run.experiment, like)
    return [
        envelope_of(network_arrays(world.attributes), _recorded(run, world, DRAWN_EPISODES).records) for world in worlds
    ]


def _recorded(run: Run, world: World, episodes: int = RECORDED_EPISODES) -> SnapshotRecorder:
    """What the policy sees on every fifth day of training scenarios, and its largest orders; its warm-up left out."""
    warm_up = run.experiment.evaluation.warm_up_days
    scenario = draw_scenario(
        world.network,
        world.demand,
        episodes=episodes,
        days=warm_up + RECORDED_DAYS,
        split=Split.TRAIN,
        seed=run.experiment.seed,
    )
    value = (world.attributes.value_usd + world.attributes.lane_landed_usd).double().cpu().numpy()
    recorder = SnapshotRecorder(run.agent(world), first=warm_up, every=5, value_usd=value)
    recorder.begin(episodes)
    simulation = world.simulation()
    roll_out(simulation, stocked(simulation, episodes=episodes), scenario, recorder)
    return recorder


def provenance_of(experiment: ExperimentSettings, world: World) -> dict[str, Any]:
    """What a module says of where it comes from, without folders of this machine: it is passed on."""
    settings = experiment.model_dump(mode="json", exclude={"folder", "compute", "demand"})
    del settings["base_stock"]["path"]
    if settings["trainer"].get("start"):
        settings["trainer"]["start"] = Path(settings["trainer"]["start"]).name
    if is_path(experiment.network):
        settings["network"] = Path(experiment.network).name
    return {"experiment": settings, "demand": world.demand.summary, "seed": experiment.seed}


def _metrics(run: Path) -> dict[str, Any] | None:
    """The run's evaluation against its baselines, if it was made."""
    path = run / "evaluation.json"
    if not path.is_file():
        return None
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
