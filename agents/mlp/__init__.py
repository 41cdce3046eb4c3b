"""Multilayer perceptrons: the field's usual policies, bound to the one network they were built for."""

from entrepot.agents.mlp.layers import MlpSettings, StackedMlp
from entrepot.agents.mlp.policy import AgentMlp, CentralMlp, OwnLanes

__all__ = ["AgentMlp", "CentralMlp", "MlpSettings", "OwnLanes", "StackedMlp"]
