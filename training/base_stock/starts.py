"""Where a rule's tuning starts, as its YAML has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor

from entrepot.agents.rules.figures import STATISTICS, Figure
from entrepot.agents.rules.registry import rule_named
from entrepot.agents.rules.rule import TunableRule
from entrepot.configs.loader import ConfigurationError, StrictModel, available, locate, read_yaml, validate
from entrepot.envs.observe.snapshot import NetworkAttributes

Finite = Annotated[float, Field(allow_inf_nan=False)]


class ByWay(StrictModel):
    """A figure of lanes and SKUs."""

    cheapest: Finite = Field(description="where the lane is the cheapest way to get the SKU to the node")
    others: Finite


class RuleDescription(StrictModel):
    """What a rule's YAML may say."""

    kind: str
    starts: Annotated[list[dict[str, Finite | list[Finite] | ByWay]], Field(min_length=1)]


@dataclass(frozen=True)
class RuleInUse:
    """A rule, and where its tuning starts."""

    name: str
    kind: str
    rule: type[TunableRule]
    starts: tuple[dict[str, Any], ...]

    def openings(self, attributes: NetworkAttributes, factors: list[float]) -> list[dict[str, Tensor]]:
        """The figures that tuning starts from, for each factor on those of ways that aren't the cheapest.

        Args:
            attributes: of the network.
            factors: on positive figures of lanes and SKUs.
        """
        return [self._opening(attributes, start, factor) for factor in factors for start in self.starts]

    def _opening(self, attributes: NetworkAttributes, start: dict[str, Any], factor: float) -> dict[str, Tensor]:
        cheapest = attributes.lane_primary > 0.5
        opening = {}
        for name, figure in self.rule.tuned.items():
            told = start[name]
            if figure.axes == "LS":
                others = told.others * (factor if figure.bounds == "positive" else 1.0)
                value = torch.where(cheapest, told.cheapest, others).to(attributes.demand_mean)
                unit = self.rule.opening(attributes, name)
                opening[name] = value if unit is None else value * unit
            elif figure.axes == "L":
                opening[name] = torch.full_like(attributes.lane_lead_days, told)
            else:
                opening[name] = attributes.demand_mean.new_tensor(told)
        return opening


def rule_names() -> list[str]:
    """Every rule that can be tuned, by its YAML's name."""
    return available("rule")


def read_rule(name_or_path: str) -> RuleInUse:
    """Read a rule's YAML.

    Raises:
        ConfigurationError: there is no such file, or it can't be used.
    """
    path = locate("rule", name_or_path)
    description = validate(RuleDescription, read_yaml(path), path)
    rule = rule_named(description.kind, f"{path}: kind")
    for number, start in enumerate(description.starts):
        key = f"{path}: starts[{number}]"
        if set(start) != set(rule.tuned):
            raise ConfigurationError(f"{key}: {', '.join(start)}; allowed: {', '.join(rule.tuned)}, each of them")
        for name, figure in rule.tuned.items():
            if (why := _unusable(figure, start[name])) is not None:
                raise ConfigurationError(f"{key}.{name}: {start[name]!r}; allowed: {why}")
    return RuleInUse(path.stem, description.kind, rule, tuple(description.starts))


def _unusable(figure: Figure, told: Any) -> str | None:
    """What is allowed where what is told isn't."""
    if figure.axes == "LS":
        values = [told.cheapest, told.others] if isinstance(told, ByWay) else None
        shape = "{cheapest: …, others: …}"
    elif figure.axes == "T":
        values = told if isinstance(told, list) and len(told) == len(STATISTICS) else None
        shape = f"{len(STATISTICS)} numbers, of {', '.join(STATISTICS)}"
    else:
        values, shape = ([told] if isinstance(told, float) else None), "a number"
    least, most = {"any": (-1e9, 1e9), "positive": (1e-9, 1e9)}.get(figure.bounds, (0.0, 1.0))
    if values is None or not all(least <= value <= most for value in values):
        return f"{shape}, each within {least:g} and {most:g}"
    if figure.bounds == "shares" and abs(sum(values) - 1) > 1e-6:
        return f"{shape}, that sum to 1"
    return None
