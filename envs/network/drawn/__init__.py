"""Random networks: a distribution by YAML, and any of its draws by number."""

from entrepot.envs.network.drawn.distribution import NetworkDistribution, load_distribution
from entrepot.envs.network.drawn.draw import Drawn, draw, drawn_named

__all__ = ["Drawn", "NetworkDistribution", "draw", "drawn_named", "load_distribution"]
