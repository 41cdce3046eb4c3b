"""The pathwise learner as a method of the loop that all trainers share, without a word of Ray."""

from __future__ import annotations

from entrepot.training.evaluation.validation import ValidationFigures
from entrepot.training.pathwise.drawn import HeldOut
from entrepot.training.pathwise.learner import Learner
from entrepot.training.pathwise.lost_sales import Kept, LostSalesBound
from entrepot.training.pathwise.settings import PathwiseSettings
from entrepot.training.trainers.checkpoints import Progress
from entrepot.training.trainers.loop import Iteration, Learned, Score
from entrepot.training.trainers.tags import while_training


def score_of(
    settings: PathwiseSettings, bound: LostSalesBound | None, held_out: HeldOut | None, learner: Learner
) -> Score:
    """The cost in validation, with lost margins weighed as in training; or what a bound or held-out networks say."""
    if held_out is not None:
        return lambda figures: held_out.ratio(learner.module)
    if bound is not None:
        return bound.score
    extra = settings.lost_sales_weight - 1.0
    return lambda figures: figures.cost_usd_per_day + extra * figures.by_name["lost_margin_usd_per_day"]


class PathwiseMethod:
    """One worker's learner as a method; alone it saves nothing to go on from."""

    def __init__(
        self, learner: Learner, bound: LostSalesBound | None, held_out: HeldOut | None = None, *, workers: int = 1
    ) -> None:
        """Args: learner; bound on lost sales; networks held out, where networks are drawn; how many learn together."""
        self._learner, self._bound, self._held_out, self._workers = learner, bound, held_out, workers
        self._kept: Kept | None = None  # the bound, in the last validation that this process saw

    def iterate(self) -> Iteration:
        """One gradient step."""
        of_bound = self._of_bound()
        step = self._learner.step()
        parts = {while_training(part): value for part, value in step.cost_parts_usd_per_day.items()}
        return Iteration(
            cost_usd_per_day=sum(step.cost_parts_usd_per_day.values()),
            lost_share=step.lost_share,
            environment_days=step.environment_days * self._workers,
            scalars={
                **parts,
                "training/loss": step.loss,
                "training/gradient_norm": step.gradient_norm,
                "training/learning_rate": step.learning_rate,
                **of_bound,
                **self._of_held_out(),
            },
            shown=self._learner.module,
        )

    def _of_bound(self) -> dict[str, float]:
        """The multiplier of the step, and how the last validation stood to the bound."""
        if self._bound is None:
            return {}
        scalars = {"training/lost_sales_multiplier": self._learner.multiplier.value}
        if self._kept is not None:
            scalars["training/lost_of_allowed"] = self._kept.ratio
            scalars["training/lost_of_allowed_high"] = self._kept.high
        return scalars

    def _of_held_out(self) -> dict[str, float]:
        """The last validation on held-out networks."""
        if self._held_out is None or self._held_out.last is None:
            return {}
        return {"validation/held_out_cost_of_untrained": self._held_out.last}

    def validated(self, figures: ValidationFigures) -> None:
        """The first worker's multiplier ascends; the others have it from there when all save."""
        if self._bound is not None:
            self._kept = self._bound.kept_by(figures)
            self._learner.multiplier.ascend(self._kept)

    def learned(self) -> Learned:
        """The policy and the covers it scales, as they are now."""
        return Learned(self._learner.module, self._learner.cover_days)

    def save(self, progress: Progress) -> None:
        """Nothing."""
