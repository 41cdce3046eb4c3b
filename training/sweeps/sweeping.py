"""Sweeps over any key of an experiment: Ray Tune with Optuna's search, and ASHA to end what won't win."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, RangeSweep
from hydra.errors import HydraException
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search.optuna import OptunaSearch
from torch import Tensor

from entrepot.configs.loader import ConfigurationError
from entrepot.training.experiment import ExperimentSettings, compose_experiment
from entrepot.training.overrides import as_it_stands
from entrepot.training.sweeps.trial import FIXED, METRIC, SweepTrial, in_common, run_trial
from entrepot.training.trainers.checkpoints import checkpoint_place
from entrepot.training.trainers.cluster import ray_cluster
from entrepot.training.trainers.registry import trainer_of
from entrepot.training.trainers.settings import Needs

HALVING = 3
"""Of so many trials that come as far, ASHA lets one go on (Li et al. 2020)."""


@dataclass(frozen=True)
class Sweep:
    """Overrides that all trials share, and the domain of each key that they differ in."""

    shared: tuple[str, ...]
    domains: Mapping[str, Any]  # by key, as Ray Tune has them

    @classmethod
    def parse(cls, overrides: Sequence[str]) -> Sweep:
        """Read Hydra's sweep syntax: ``choice(a, b)``, ``range(1, 9)``, ``interval(0, 1)``, ``tag(log, interval(…))``.

        Raises:
            ConfigurationError: an override can't be read, a key can't be swept, or there is nothing to sweep.
        """
        shared, domains = [], {}
        for text in overrides:
            try:
                override = OverridesParser.create().parse_override(_as_swept(text))
            except HydraException as error:
                raise ConfigurationError(f"{text}: {error}") from error
            if not override.is_sweep_override():
                shared.append(text)
                continue
            key = str(override.key_or_group)
            if key.split(".")[0] in FIXED:
                raise ConfigurationError(f"{key}: can't be swept; trials have {', '.join(FIXED)} in common")
            domains[key] = _domain(key, override.value())
        if not domains:
            raise ConfigurationError(
                "nothing to sweep; give a key several values: trainer.learning_rate=tag(log,interval(1e-4,1e-2)), "
                "policy.cell_width=choice(32,64)"
            )
        return cls(tuple(shared), domains)

    def overrides(self, chosen: Mapping[str, Any]) -> list[str]:
        """Overrides of the trial with these values."""
        return [*self.shared, *(f"{key}={json.dumps(value)}" for key, value in chosen.items())]

    def experiment(self, chosen: Mapping[str, Any], common: Mapping[str, Any], name: str) -> ExperimentSettings:
        """The experiment of the trial of this name with these values, and with what all have `in_common`."""
        return compose_experiment(self.overrides(chosen)).model_copy(update={**common, "run": name})


def _domain(key: str, value: Any) -> Any:
    if isinstance(value, ChoiceSweep):
        return tune.choice([_plain(choice) for choice in value.list])
    if isinstance(value, RangeSweep):
        return tune.choice(list(value.range()))
    if isinstance(value, IntervalSweep):
        low, high = float(value.start or 0.0), float(value.end or 0.0)
        if not low < high:
            raise ConfigurationError(f"{key}: interval({low:g}, {high:g}); the first must be less than the second")
        if "log" in value.tags:
            if low <= 0:
                raise ConfigurationError(
                    f"{key}: interval({low:g}, {high:g}); on a logarithmic scale both must be above 0"
                )
            return tune.loguniform(low, high)
        return tune.uniform(low, high)
    raise ConfigurationError(f"{key}: {value!r} can't be swept; allowed: choice, range, interval")


def _as_swept(text: str) -> str:
    """Names and paths are text, unless they are swept, which is refused with a word."""
    return text if re.match(r"[^=]*=(choice|range|interval|tag|sort|shuffle|glob)\(", text) else as_it_stands(text)


def _plain(choice: Any) -> Any:
    """Hydra keeps quotes around strings."""
    return getattr(choice, "text", choice)


def run_trials(
    sweep: Sweep,
    experiment: ExperimentSettings,
    content: Mapping[str, str],
    base_cover_days: Tensor,
    base_stock_cost_usd_per_day: float,
    *,
    trials: int,
    concurrent: int,
) -> list[SweepTrial]:
    """Run the trials; each leaves its run in a folder of its own below the experiment's.

    Args:
        sweep: what is swept.
        experiment: what all trials share.
        content: digests of the network and demand.
        base_cover_days: [L, S] that policies start from.
        base_stock_cost_usd_per_day: of the tuned rule in validation.
        trials: how many points.
        concurrent: how many at a time; each has `compute.workers` workers.

    Returns:
        The trials, cheapest first; those that were ended before they kept a policy come after those that did.
    """
    common = in_common(experiment)
    folder = Path(common["folder"])
    iterations = experiment.trainer.iterations
    needs = experiment.trainer.needs(experiment.compute)
    trainable = tune.with_resources(
        tune.with_parameters(
            _run_here,
            overrides=sweep.shared,
            common=common,
            content=dict(content),
            cover=base_cover_days,
            bar=base_stock_cost_usd_per_day,
        ),
        tune.PlacementGroupFactory([_bundle(process) for process in needs]),
    )
    # Ray Train's workers stand beside a trial's processes.
    cpus = concurrent * (experiment.compute.workers + sum(process.cpus for process in needs))
    with ray_cluster(experiment.compute, cpus=cpus):
        tuner = tune.Tuner(
            trainable,
            param_space=dict(sweep.domains),
            tune_config=tune.TuneConfig(
                metric=METRIC,
                mode="min",
                num_samples=trials,
                max_concurrent_trials=concurrent,
                search_alg=OptunaSearch(seed=experiment.seed),
                scheduler=ASHAScheduler(
                    time_attr="iteration",
                    max_t=iterations,
                    grace_period=min(experiment.validation.every, iterations),
                    reduction_factor=HALVING,
                ),
                trial_dirname_creator=lambda trial: trial.trial_id,
            ),
            run_config=tune.RunConfig(name=experiment.run, storage_path=tune_place(experiment), verbose=0),
        )
        results = tuner.fit()
        done = [_trial(results[place], folder) for place in range(len(results))]
    return sorted(done, key=SweepTrial.rank)


def _bundle(process: Needs) -> dict[str, float]:
    """As Ray counts them."""
    return {"CPU": process.cpus, "GPU": process.gpus} if process.gpus else {"CPU": process.cpus}


def tune_place(experiment: ExperimentSettings) -> str:
    """Where Ray Tune keeps what it knows of the trials, their errors among it: an absolute path or a URI."""
    return checkpoint_place(experiment, "tune")


def _run_here(
    config: dict[str, Any],
    *,
    overrides: Sequence[str],
    common: Mapping[str, Any],
    content: Mapping[str, str],
    cover: Tensor,
    bar: float,
) -> None:
    """What a trial's process runs: Ray Tune names the trial and is told of its costs."""
    experiment = Sweep(tuple(overrides), {}).experiment(config, common, tune.get_context().get_trial_id())
    run_trial(experiment, content, cover, bar, train=trainer_of(experiment), tell=tune.report)


def _trial(result: Any, folder: Path) -> SweepTrial:
    metrics = result.metrics or {}
    name = Path(result.path).name
    return SweepTrial(
        folder=folder / name,
        values=dict(result.config or {}),
        cost_usd_per_day=metrics.get(METRIC),
        iterations=int(metrics.get("iteration", 0)),
        seconds=float(metrics.get("training_seconds", 0.0)),
    )
