"""The policy as one ONNX graph, from physical units to orders, with every dimension dynamic."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from typing import Any

import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch._dynamo import config as dynamo_config
from torch.export import Dim

from entrepot.agents.inference.decision import EXPLANATIONS
from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.on_the_way import arriving_by_days, due_by_days
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot, UnitAttributes
from entrepot.envs.snapshot.schema import (
    NETWORK_FIELDS,
    SNAPSHOT_FIELDS,
    UNIT_NETWORK_FIELDS,
    UNIT_SNAPSHOT_FIELDS,
    Field,
)
from entrepot.envs.snapshot.season import SEASON_ENTRIES
from entrepot.training.export.translations import TRANSLATIONS

OPSET = 20
DECISIONS = tuple(field.name for field in fields(Decisions) if field.default is MISSING)
"""Names of the graph's outputs that are to be carried out: the decisions that every policy makes."""
EXAMPLE_SIZES = {"B": 3, "N": 4, "M": 5, "L": 6, "S": 7, "H": 8, "J": 2, "W": SEASON_ENTRIES, "U": 9}
"""Sizes to trace with: all different and none 0 or 1, which torch.export would take for constants."""


def decides_maintenance(policy: nn.Module) -> bool:
    """Whether units of equipment are among a policy's inputs and outputs."""
    return bool(getattr(policy, "decides_maintenance", False))


def inputs_of(policy: nn.Module) -> tuple[dict[str, Field], dict[str, Field]]:
    """What a policy's graph takes of a snapshot, and of a network."""
    if not decides_maintenance(policy):
        return SNAPSHOT_FIELDS, NETWORK_FIELDS
    return SNAPSHOT_FIELDS | UNIT_SNAPSHOT_FIELDS, NETWORK_FIELDS | UNIT_NETWORK_FIELDS


class PolicyGraph(nn.Module):
    """A policy whose inputs are exactly those of `inputs_of`."""

    def __init__(self, policy: nn.Module) -> None:
        """Args: policy, from a `Snapshot` and `NetworkAttributes` to `Decisions`."""
        super().__init__()
        self.policy = policy

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what `forward` gives."""
        why = EXPLANATIONS if getattr(self.policy, "explains", False) else ()
        return (*self.decisions, *why)

    @property
    def decisions(self) -> tuple[str, ...]:
        """Those of the outputs that are to be carried out."""
        return (*DECISIONS, "maintenance") if decides_maintenance(self.policy) else DECISIONS

    def forward(self, snapshot: dict[str, Tensor], network: dict[str, Tensor]) -> dict[str, Tensor]:
        """The fields of `Decisions`, orders not rounded; and what explains them, if the policy can tell."""
        units = {name: value for name, value in network.items() if name in UNIT_NETWORK_FIELDS}
        others = {name: value for name, value in network.items() if name not in units}
        attributes = NetworkAttributes(**others, units=UnitAttributes(**units) if units else None)
        fields = dict(snapshot)
        pipeline = fields.pop("pipeline")
        fields["in_transit"] = pipeline.sum(dim=-1)
        fields["due"] = due_by_days(attributes, pipeline)
        fields["arriving_or_none"] = arriving_by_days(pipeline)
        known = Snapshot(**fields)
        if getattr(self.policy, "explains", False):
            told: dict[str, Tensor] = self.policy.explained(known, attributes)  # type: ignore[operator]
            return {name: told[name] for name in self.outputs}
        decisions: Decisions = self.policy(known, attributes)
        return {name: getattr(decisions, name) for name in self.decisions}


def as_tensors(arrays: Mapping[str, NDArray[Any]], fields: Mapping[str, Field]) -> dict[str, Tensor]:
    """Arrays as the graph takes them: float32, and int64 for integers."""
    return {name: torch.as_tensor(field.array(arrays[name])) for name, field in fields.items()}


def to_onnx(policy: nn.Module) -> bytes:
    """Export a policy's graph.

    Args:
        policy: on the CPU, in float32; its mode is left as it was. One that is bound to a network has `fixed_sizes`,
            the sizes that its inputs must have, by axis. One with `decides_maintenance` takes units of equipment, too.

    Returns:
        A checked ONNX model whose dimensions bear the names B, N, M, L, S, H, J, W, U, but for those that are fixed.
    """
    training = policy.training
    graph = PolicyGraph(policy).eval()
    fixed: dict[str, int] = getattr(policy, "fixed_sizes", {})
    free = [name for name in EXAMPLE_SIZES if name not in fixed]
    axes = {name: Dim(name, min=SEASON_ENTRIES) if name == "W" else Dim(name) for name in free}
    sizes = EXAMPLE_SIZES | fixed
    of_snapshot, of_network = inputs_of(policy)
    try:
        # What each operation does to shapes is kept for the next of its kind; of shapes that are symbols, to keep and
        # to look up costs more than to work it out: a fifth of an export.
        with _quiet(), dynamo_config.patch(fake_tensor_cache_enabled=False), torch.no_grad():
            program = torch.onnx.export(
                graph,
                (),
                kwargs={"snapshot": _example(of_snapshot, sizes), "network": _example(of_network, sizes)},
                dynamo=True,
                opset_version=OPSET,
                dynamic_shapes={"snapshot": _shapes(of_snapshot, axes), "network": _shapes(of_network, axes)},
                input_names=[*of_snapshot, *of_network],
                output_names=list(graph.outputs),
                verbose=False,
                external_data=False,
                custom_translation_table=TRANSLATIONS,
            )
    finally:
        policy.train(training)
    assert program is not None  # it is None only for the exporter of old
    model = program.model_proto
    _check_free(model, axes)
    _strip(model)
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString()
    return data


def _example(fields: Mapping[str, Field], sizes: Mapping[str, int]) -> dict[str, Tensor]:
    """Any valid inputs: only types and shapes are traced."""
    return {
        name: torch.zeros([sizes[axis] for axis in field.axes], dtype=torch.int64)
        if field.integer
        else torch.full([sizes[axis] for axis in field.axes], 0.5)
        for name, field in fields.items()
    }


def _shapes(fields: Mapping[str, Field], axes: Mapping[str, Any]) -> dict[str, dict[int, Any]]:
    return {
        name: {place: axes[axis] for place, axis in enumerate(field.axes) if axis in axes}
        for name, field in fields.items()
    }


def _check_free(model: onnx.ModelProto, axes: Mapping[str, Any]) -> None:
    """The exporter fixes a dimension in silence where the policy's code does not work for every size."""
    for value in model.graph.input:
        field = {**SNAPSHOT_FIELDS, **UNIT_SNAPSHOT_FIELDS, **NETWORK_FIELDS, **UNIT_NETWORK_FIELDS}[value.name]
        found = [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for axis, size in zip(field.axes, found, strict=True):
            if axis in axes and size != axis:
                raise ValueError(f"the policy works for {axis} = {size} only ({value.name}); it must for any {axis}")


def _strip(model: onnx.ModelProto) -> None:
    """Take out stack traces, which tell where the code lay and differ from machine to machine."""
    for part in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        for name in ("metadata_props", "doc_string"):
            if name in part.DESCRIPTOR.fields_by_name:
                part.ClearField(name)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter's own news: absent torchvision, shared axis names, empty lists, its deprecations."""
    levels = [(logger, logger.level) for logger in map(logging.getLogger, ("torch.onnx", "onnx_ir"))]
    for logger, _ in levels:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in levels:
            logger.setLevel(level)
