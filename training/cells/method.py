"""PPO with credit for each SKU, from an experiment to its best policy."""

from __future__ import annotations

import math
from time import perf_counter

import torch
from torch import nn

from entrepot.envs.world import World
from entrepot.training.cells.kept import keep, last_kept
from entrepot.training.cells.learner import ActorCritic, Sampled
from entrepot.training.cells.workers import LocalWorkers, RemoteWorkers, Workers, at_work, without_loss
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.rllib.actors import ENVIRONMENT_HEAD
from entrepot.training.rllib.deployed import module_of
from entrepot.training.rllib.settings import PpoSettings
from entrepot.training.threads import threads_each
from entrepot.training.trainers.checkpoints import Checkpoints, Progress, checkpoint_place
from entrepot.training.trainers.job import Job, Outcome
from entrepot.training.trainers.loop import Iteration, Learned, Loop
from entrepot.training.world import world_of

POLICY = "policy."


def train_cells(job: Job) -> Outcome:
    """Train until the iterations are done, or the seconds are over.

    One worker learns in this process; several are Ray's remote actors, whose gradients are averaged. Those that are
    lost are replaced as they come; `--resume` goes on from the last checkpoint.

    Raises:
        TrainingError: workers were lost more often in a row than `compute.most_failures` allows.
    """
    started, experiment = perf_counter(), job.experiment
    world = world_of(experiment).starting_from(job.base_cover_days)
    torch.set_num_threads(threads_each(experiment.compute.threads))
    learner = CellLearner(experiment, world)
    checkpoints = Checkpoints(checkpoint_place(experiment))
    progress = learner.restored(checkpoints) if job.resume else Progress()
    loop = Loop(job, world, seconds=PpoSettings.of(experiment.trainer).seconds)
    with at_work(job, progress.iteration, LocalWorkers, RemoteWorkers) as workers:
        method = _Cells(job, learner, workers, checkpoints, world)
        return Outcome.of(job, loop.run(method, progress), started)


class CellLearner:
    """The weights and their optimiser."""

    def __init__(self, experiment: ExperimentSettings, world: World) -> None:
        """Args: settings; the world."""
        torch.manual_seed(experiment.seed)
        self.settings = PpoSettings.of(experiment.trainer)
        self.model = ActorCritic(world, self.settings, experiment.policy.neural(head=ENVIRONMENT_HEAD))
        critic = list(self.model.critic.parameters())
        actor = [*(value for value in self.model.policy.parameters() if value.requires_grad), self.model.log_deviation]
        rate = self.settings.learning_rate
        self._groups = (actor, critic)
        self._optimiser = torch.optim.Adam(
            [{"params": actor, "lr": rate}, {"params": critic, "lr": CRITIC_PACE * rate}]
        )

    def iteration(self, workers: Workers) -> tuple[list[Sampled], dict[str, float], float]:
        """Sample, and step through every epoch's minibatches.

        Returns:
            What each worker sampled; figures of the last minibatch; the norm of its gradient.
        """
        sampled = workers.sample(self.model.weights())
        most = max(each.deciding for each in sampled)
        scalars: dict[str, float] = {}
        norm = 0.0
        for _ in range(self.settings.epochs * math.ceil(most / self.settings.minibatch_days)):
            found = workers.gradients(self.model.weights())
            norm = self.step(torch.stack([each.values for each in found]).mean(dim=0))
            scalars = {name: _mean([each.scalars[name] for each in found]) for name in found[0].scalars}
        return sampled, scalars, norm

    def step(self, gradient: torch.Tensor) -> float:
        """Follow [W] a gradient; returns its norm before it is scaled down, the policy's alone."""
        sizes = [parameter.numel() for parameter in self.model.learning]
        for parameter, values in zip(self.model.learning, gradient.split(sizes), strict=True):  # type: ignore[no-untyped-call]
            parameter.grad = values.view_as(parameter).clone()
        norms = [
            float(nn.utils.clip_grad_norm_(parameters, self.settings.max_grad_norm)) for parameters in self._groups
        ]
        if not all(math.isfinite(norm) for norm in norms):
            raise FloatingPointError(f"the gradient is {norms[0]}; lower trainer.learning_rate")
        self._optimiser.step()
        return norms[0]

    def save(self, checkpoints: Checkpoints, progress: Progress) -> None:
        """Write a checkpoint."""
        keep(checkpoints, progress, {"model": self.model.state_dict(), "optimiser": self._optimiser.state_dict()})

    def restored(self, checkpoints: Checkpoints) -> Progress:
        """Go on from the last checkpoint; from the beginning if there is none."""
        found = last_kept(checkpoints)
        if found is None:
            return Progress()
        state, progress = found
        self.model.load_state_dict(state["model"])
        self._optimiser.load_state_dict(state["optimiser"])
        return progress


CRITIC_PACE = 4.0
"""The critic's learning rate over the policy's: it starts from nothing, the policy from a tuned rule."""


class _Cells:
    """As the loop takes it."""

    def __init__(
        self, job: Job, learner: CellLearner, workers: Workers, checkpoints: Checkpoints, world: World
    ) -> None:
        self._most = job.experiment.compute.most_failures
        self._learner, self._workers, self._checkpoints = learner, workers, checkpoints
        self._learned = Learned(module_of(job.experiment, world), job.base_cover_days)

    def iterate(self) -> Iteration:
        return without_loss(self._most, self._iterate)

    def _iterate(self) -> Iteration:
        """Begun again with new rollouts where a worker is lost; the steps taken until then stay."""
        sampled, scalars, norm = self._learner.iteration(self._workers)
        return Iteration(
            cost_usd_per_day=_mean([each.cost_usd_per_day for each in sampled]),
            lost_share=_mean([each.lost_share for each in sampled]),
            environment_days=sum(each.environment_days for each in sampled),
            scalars={
                **scalars,
                "training/gradient_norm": norm,
                "training/critic_explains": _mean([each.explained for each in sampled]),
            },
        )

    def learned(self) -> Learned:
        policy = self._learner.model.policy.state_dict()
        self._learned.module.load_state_dict({f"{POLICY}{name}": value for name, value in policy.items()})
        self._learned.module.eval()
        return self._learned

    def save(self, progress: Progress) -> None:
        self._learner.save(self._checkpoints, progress)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
