"""The neural policy, whose size does not depend on the network's."""

from entrepot.agents.neural.agent import NeuralAgent
from entrepot.agents.neural.policy import NeuralPolicy, NeuralPolicySettings

__all__ = ["NeuralAgent", "NeuralPolicy", "NeuralPolicySettings"]
