"""The space inside a warehouse: aisles, bays, levels and positions."""

from entrepot.envs.network.layout.description import GoodsType, Layout
from entrepot.envs.network.layout.generated import generated
from entrepot.envs.network.layout.positions import Positions

__all__ = ["GoodsType", "Layout", "Positions", "generated"]
