"""One worker's share of pathwise training, without a word of Ray: windows in, gradient steps out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from entrepot.agents.module_agent import ModuleAgent
from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.world import World
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.pathwise.drawn import WORKERS, worlds_of
from entrepot.training.pathwise.lost_sales import Multiplier, mean_margin_usd
from entrepot.training.pathwise.settings import PathwiseSettings
from entrepot.training.pathwise.window import window_cost
from entrepot.training.pathwise.windows import Windows
from entrepot.training.trainers.modules import neural_policy

FORMULA_FASTER = 5.0
"""Times the learning rate: the figures of the formula of covers are few, and every network has a say in them."""
AverageGradients = Callable[[list[nn.Parameter]], None]
"""Make every worker's gradients the mean of all workers'."""


@dataclass(frozen=True)
class Step:
    """What one gradient step saw."""

    iteration: int  # counted from 1
    loss: float
    cost_parts_usd_per_day: dict[str, float]
    lost_share: float
    gradient_norm: float
    learning_rate: float
    environment_days: int


class Learner:
    """A policy, the covers it scales, their optimiser, and the stream of windows they learn from.

    The policy's size doesn't depend on the network; the covers, one a lane and SKU, are attributes of this one network.
    """

    def __init__(
        self,
        experiment: ExperimentSettings,
        trainer: PathwiseSettings,
        world: World,
        *,
        rank: int = 0,
        average_gradients: AverageGradients | None = None,
        start: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Build everything from settings; workers differ only in the scenarios they draw.

        Args:
            experiment: settings of the whole.
            trainer: settings of this trainer.
            world: the network and its demand; where networks are drawn, the one that the run's folder is told of.
            rank: of this worker.
            average_gradients: how workers agree on a gradient; nothing to do for one worker.
            start: state of the policy that training goes on from, as `policy_to_start_from` has it; untrained if None.
        """
        torch.manual_seed(experiment.seed)
        self.module = neural_policy(experiment).to(world.parameters.device)
        if start is not None:
            self.module.load_state_dict(start)
        self.iteration = 0
        self._trainer, self._world = trainer, world
        self._average_gradients = average_gradients
        self.multiplier = Multiplier(trainer.lost_sales_rate)
        self._margin_usd = mean_margin_usd(world.attributes)
        # Covers that stay as they are get no gradient, which would count in the norm that the others are scaled by.
        self._log_cover = nn.Parameter(
            torch.zeros_like(world.attributes.base_cover_days), requires_grad=trainer.covers_learn_at > 0
        )
        formula = [] if self.module.covers is None else list(self.module.covers.parameters())
        others = [one for one in self.module.parameters() if not any(one is figure for figure in formula)]
        groups: list[dict[str, Any]] = [
            {"params": others, "lr": trainer.learning_rate},
            {"params": [self._log_cover], "lr": trainer.covers_learn_at},
        ]
        if formula:
            groups.append({"params": formula, "lr": FORMULA_FASTER * trainer.learning_rate})
        self._optimiser = torch.optim.Adam(groups)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimiser, self._share_of_peak)
        self._settings = experiment.windows
        self._draws = trainer.networks is not None
        seed = self._seed = experiment.seed * WORKERS + rank
        self._chance = torch.Generator(world.parameters.device)
        worlds = None if trainer.networks is None else worlds_of(trainer.networks, experiment, seed, world)
        self._windows = Windows(world, experiment.windows, seed=seed, worlds=worlds)
        self._stream = self._windows.stream(self._agent)

    @property
    def cover_days(self) -> Tensor:
        """[L, S] the covers as learnt so far."""
        return (self._world.attributes.base_cover_days * torch.exp(self._log_cover)).detach()

    def step(self) -> Step:
        """One gradient step."""
        window = next(self._stream)
        self._chance.manual_seed(self._seed * 1_000_003 + self.iteration)
        known = self._known(window.simulation.attributes, self._log_cover, window.chosen)
        result = window_cost(
            window.simulation,
            window.present,
            window.scenario,
            partial(self._decide, known),
            horizon=window.horizon,
            scale_usd=window.scale_usd,
            advance_days=self._settings.advance_days,
            reads=self.module.reads,
            lost_sales_weight=self._trainer.lost_sales_weight,
            lost_unit_usd=self.multiplier.value * self._margin_usd,
        )
        self._optimiser.zero_grad()
        # Of networks that differ a thousandfold in cost the mean logarithm is lowered, so that each counts alike.
        loss = result.loss / result.loss.detach() if self._draws else result.loss
        loss.backward()  # type: ignore[no-untyped-call]
        parameters = [*self.module.parameters(), self._log_cover]
        if self._average_gradients is not None:
            self._average_gradients(parameters)
        norm = float(nn.utils.clip_grad_norm_(parameters, self._trainer.max_grad_norm))
        if not math.isfinite(norm):
            raise FloatingPointError(
                f"iteration {self.iteration + 1}: the gradient is {norm}; lower trainer.learning_rate"
            )
        rate = float(self._schedule.get_last_lr()[0])
        self._optimiser.step()
        self._schedule.step()
        self._windows.carry_on(result.following)
        self.iteration += 1
        return Step(
            iteration=self.iteration,
            loss=float(result.loss.detach()),
            cost_parts_usd_per_day=result.parts,
            lost_share=result.lost_share,
            gradient_norm=norm,
            learning_rate=rate,
            environment_days=window.scenario.episodes * window.scenario.days,
        )

    def state(self) -> dict[str, Any]:
        """Everything that is needed to go on from here."""
        return {
            "iteration": self.iteration,
            "module": self.module.state_dict(),
            "log_cover": self._log_cover.detach(),
            "cover_days": self.cover_days,
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "multiplier": self.multiplier.value,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.iteration = state["iteration"]
        self.module.load_state_dict(state["module"])
        with torch.no_grad():
            self._log_cover.copy_(state["log_cover"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        self.multiplier.value = state.get("multiplier", 0.0)  # earlier versions had none
        self._stream = self._windows.stream(self._agent, first=self.iteration)

    def _decide(
        self, attributes: NetworkAttributes, snapshot: Snapshot, seen: Tensor
    ) -> tuple[Decisions, Tensor | None]:
        decided = self.module.decide(snapshot, attributes, self._trainer.smoothing_days, seen, self._chance)
        return decided.decisions, decided.departs

    def _agent(self, attributes: NetworkAttributes, chosen: Tensor) -> ModuleAgent:
        return ModuleAgent(self.module, self._known(attributes, self._log_cover.detach(), chosen))

    def _known(self, attributes: NetworkAttributes, log_cover: Tensor, chosen: Tensor) -> NetworkAttributes:
        """With the covers as learnt so far, in place of those that learning started from; of a drawn network none."""
        if self._draws:
            return attributes
        return replace(attributes, base_cover_days=attributes.base_cover_days * torch.exp(log_cover[:, chosen]))

    def _share_of_peak(self, iteration: int) -> float:
        """One cycle: a short linear rise, then half a cosine down to a hundredth."""
        rise = max(1, round(self._trainer.warm_up_share * self._trainer.iterations))
        if iteration < rise:
            return (iteration + 1) / rise
        done = min(1.0, (iteration - rise) / max(1, self._trainer.iterations - rise))
        return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done))
