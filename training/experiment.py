"""What a person may say of an experiment, and everything that follows from it before training starts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal, Self

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import Field, SerializeAsAny, field_validator, model_validator

from entrepot.agents.neural import NeuralPolicySettings
from entrepot.agents.neural.heads import head_names
from entrepot.agents.neural.settings import AVERAGES, WEEKS
from entrepot.configs.files import write_atomically
from entrepot.configs.loader import (
    ConfigurationError,
    StrictModel,
    configuration_folder,
    is_path,
    validate,
)
from entrepot.configs.numbers import Count, Positive, Share
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.observe.model import EXACT, observation_model_names
from entrepot.training.overrides import as_it_stands, text_of
from entrepot.training.trainers.registry import trainer_settings
from entrepot.training.trainers.settings import ComputeSettings, TrainerSettings

SETTINGS_FILE, POLICY_FILE, BASE_STOCK_FILE = "experiment.json", "policy.pt", "base_stock.json"
"""In a run's folder: its settings, the weights of its best policy, and the tuned base stock that this started from."""


class PolicySettings(StrictModel):
    """Shape of the neural policy."""

    cell_width: Count = 64
    lane_width: Count = 32
    pool_context: bool = True
    opening_trust: list[float] = Field(list(NeuralPolicySettings.opening_trust), min_length=3, max_length=3)
    head: str | None = Field(None, description="the best that the trainer takes if null")
    covers: Literal["given", "worked_out"] = Field(
        "given", description="base covers of the network's tuned base stock, or by the policy's own formula"
    )
    activation: Literal["relu", "silu"] = Field("relu", description="between layers; silu learns where cells are few")
    demand_memory: Literal["averages", "weeks"] = Field(
        "averages", description="of demand: averages over 7, 28 and 91 days; or with them each of the last 13 weeks"
    )

    @field_validator("head")
    @classmethod
    def _head_is_known(cls, name: str | None) -> str | None:
        if name is not None and name not in head_names():
            raise ValueError(f"allowed: {', '.join(head_names())}")
        return name

    def neural(self, *, head: str) -> NeuralPolicySettings:
        """As the policy takes them.

        Args:
            head: what the trainer takes where none is named.
        """
        last_month, quarter, long_run = self.opening_trust
        settings = self.model_dump() | {"opening_trust": (last_month, quarter, long_run), "head": self.head or head}
        return NeuralPolicySettings(**settings)


class WindowsSettings(StrictModel):
    """Shape of the training windows; see `training/pathwise/windows.py`."""

    episodes: Count = 32
    skus: Count = 16
    days: Count = 100
    advance_days: Count = 50
    windows_per_segment: Count = 6
    warm_up_days: Annotated[int, Field(ge=0)] = 70
    level_deviation: Annotated[float, Field(ge=0)] = 0.4
    moving_share: Share = 0.0


class BaseStockSettings(StrictModel):
    """How hard the base-stock rule is tuned before it is compared with, or where it was tuned before."""

    path: str | None = Field(None, description="a run's folder or its base_stock.json; tuned anew if not given")
    iterations: Annotated[int, Field(ge=0)] = 120
    learning_rate: Positive = 0.1
    smoothing_days: Positive = 0.5
    starts: Annotated[list[Positive], Field(min_length=1)] = Field(
        [1.0],
        description="factors on the textbook cover of ways that aren't the cheapest; tuned from each, the best is kept",
    )

    @property
    def steps(self) -> int:
        """Gradient steps from all starts."""
        return self.iterations * len(self.starts)


class EvaluationSettings(StrictModel):
    """The scenarios on which policies are compared."""

    episodes: Annotated[int, Field(ge=2)] = 256
    days: Count = 180
    warm_up_days: Annotated[int, Field(ge=0)] = 90
    seed: int = 0


class ValidationSettings(StrictModel):
    """How often and on what the policy in training is tried.

    Months held out are few, and how they sell is a single draw: at several levels of demand, what is chosen is less of
    a bet on that one.
    """

    every: Count = 20
    episodes: Annotated[int, Field(ge=2)] = 64
    days: Count = 120
    levels: Annotated[list[Positive], Field(min_length=1)] = Field([0.8, 1.0, 1.25, 1.5])
    seed: Annotated[int, Field(ge=0)] | None = Field(None, description="of the scenarios; the experiment's if null")
    untrained: bool = Field(False, description="also try the policy as it is before training")


class ExperimentSettings(StrictModel):
    """One experiment, whole: what `configs/experiment.yaml` and its overrides may say."""

    network: str
    skus: Count | None = None
    demand: DemandSettings = DemandSettings()
    observation: str = Field(EXACT, description="what is known of the world, by name of an observation model")
    disruption: str | None = Field(None, description="what befalls the network, by name or path; nothing if null")
    policy: PolicySettings = PolicySettings()
    trainer: SerializeAsAny[TrainerSettings]
    windows: WindowsSettings = WindowsSettings()
    base_stock: BaseStockSettings = BaseStockSettings()
    validation: ValidationSettings = ValidationSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    compute: ComputeSettings = ComputeSettings()
    seed: Annotated[int, Field(ge=0)] = 0
    run: str = Field(description="the run's name; it lands in `folder/run`")
    folder: str = "checkpoints"

    @field_validator("observation")
    @classmethod
    def _observation_is_known(cls, name: str) -> str:
        if name not in observation_model_names():
            raise ValueError(f"allowed: {', '.join(observation_model_names())}")
        return name

    @field_validator("run")
    @classmethod
    def _stays_in_the_folder(cls, name: str) -> str:
        """A run's folder is removed from and written to: it must be one of its own, below `folder`."""
        parts = PurePath(name).parts
        if not parts or PurePath(name).is_absolute() or ".." in parts or not name.isprintable():
            raise ValueError("allowed: a name such as `first`, or a path below `folder` such as `study/first`")
        return name

    @model_validator(mode="after")
    def _remembers_what_it_is_shown(self) -> Self:
        if self.policy.demand_memory == WEEKS and not self.trainer.shows_weeks:
            raise ValueError(
                f"policy.demand_memory: {WEEKS!r}; allowed for trainer={self.trainer.kind}: {AVERAGES}, for only "
                "pathwise shows a policy the weeks"
            )
        return self

    @property
    def run_folder(self) -> Path:
        """Where everything of the run is kept."""
        return Path(self.folder) / self.run

    def save(self) -> None:
        """Keep the settings in the run's folder."""
        write_atomically(self.run_folder / SETTINGS_FILE, json.dumps(self.model_dump(mode="json"), indent=1))

    def with_absolute_paths(self) -> Self:
        """The same settings for processes that run in a folder of their own."""
        demand = {
            "path": None if self.demand.path is None else str(Path(self.demand.path).resolve()),
            "name": None if self.demand.name is None else _absolute(self.demand.name),
        }
        changed = {
            "network": _absolute(self.network),
            "demand": self.demand.model_copy(update=demand),
            "disruption": None if self.disruption is None else _absolute(self.disruption),
        }
        return self.model_copy(update=changed)


def _absolute(world: str) -> str:
    """A network or demand by its absolute path, or by its name as it is."""
    return str(Path(world).resolve()) if is_path(world) else world


_WORLDS = {"network": "network", "demand": "demand.name", "disruption": "disruption"}


RENAMED = {
    "batch": "batch_size",
    "buffer": "buffer_size",
    "clip": "clip_range",
    "discount": "gamma",
    "fragment_days": "rollout_days",
    "gradient_norm": "max_grad_norm",
    "polyak": "tau",
}
"""Keys of trainers under which earlier versions kept what has another name now."""


def read_experiment(path: Path) -> ExperimentSettings:
    """The settings that a run kept.

    Raises:
        ConfigurationError: the file can't be read, or a key or value is not allowed.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: can't be read: {error}") from error
    trainer = content.get("trainer") if isinstance(content, dict) else None
    old = [key for key in trainer if key in RENAMED] if isinstance(trainer, dict) else []
    if old:
        told = ", ".join(f"{key} is now {RENAMED[key]}" for key in old)
        raise ConfigurationError(
            f"{path}: trainer: a run from before these keys had other names ({told}); rename them in this file to "
            "evaluate or export it; to train on, begin a new run"
        )
    return _validated(content, path)


def _validated(content: Any, source: str | Path) -> ExperimentSettings:
    """Settings of which the trainer's are checked by the model of its kind."""
    if not isinstance(content, dict):
        raise ConfigurationError(f"{source}: expected keys and values")
    trainer = content.get("trainer")
    if not isinstance(trainer, dict):
        raise ConfigurationError(f"{source}: trainer: {trainer!r}; allowed: keys and values, `kind` among them")
    return validate(ExperimentSettings, {**content, "trainer": trainer_settings(trainer)}, source)


def compose_experiment(
    overrides: Sequence[str] = (), *, name: str = "experiment", unnamed: str = ""
) -> ExperimentSettings:
    """Read `configs/NAME.yaml`, apply overrides as Hydra knows them, and validate.

    Args:
        overrides: for example ``["network=kreen", "trainer.iterations=300", "seed=1"]``.
        name: which file of `configs/` to start from.
        unnamed: what stands after the name of the network and the trainer's kind in the name of a run without one.

    Raises:
        ConfigurationError: an override can't be read, or a key or value is not allowed.
    """
    GlobalHydra.instance().clear()
    # `network`, `demand` and `disruption` are folders of configs/ that hold worlds, not parts of an experiment, so that
    # Hydra must not look for them among its groups: they are set once the rest is composed.
    worlds = dict(text_of(text) for text in overrides if text.partition("=")[0] in _WORLDS)
    rest = [as_it_stands(text) for text in overrides if text.partition("=")[0] not in _WORLDS]
    try:
        with initialize_config_dir(str(configuration_folder().resolve()), version_base=None):
            composed = compose(name, overrides=rest)
        for key, value in worlds.items():
            OmegaConf.update(composed, _WORLDS[key], None if value == "null" else value)
        content = OmegaConf.to_container(composed, resolve=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigurationError(f"{' '.join(overrides)}: {' '.join(str(error).split())}") from error
    if isinstance(content, dict) and content.get("run") is None:
        content["run"] = f"{_stem(str(content.get('network')))}-{_kind(content)}{unnamed}"
    return _validated(content, "experiment")


def _stem(network: str) -> str:
    """Of a network's file, wherever it lies; its name as it is."""
    return Path(network).stem if is_path(network) else network


def _kind(content: dict[Any, Any]) -> Any:
    trainer = content.get("trainer")
    return trainer.get("kind") if isinstance(trainer, dict) else None
