"""The neural policy, whose size does not depend on the network's."""

from entrepot.agents.neural.cover_policy import NeuralCoverPolicy
from entrepot.agents.neural.policy import NeuralPolicy, NeuralPolicySettings

__all__ = ["NeuralCoverPolicy", "NeuralPolicy", "NeuralPolicySettings"]
