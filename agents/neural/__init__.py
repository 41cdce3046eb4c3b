"""The neural policy, whose size does not depend on the network's."""

from entrepot.agents.neural.cover_policy import NeuralCoverPolicy
from entrepot.agents.neural.policy import NeuralPolicy
from entrepot.agents.neural.settings import NeuralPolicySettings

__all__ = ["NeuralCoverPolicy", "NeuralPolicy", "NeuralPolicySettings"]
