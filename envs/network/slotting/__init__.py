"""Which SKU lies at which position."""

from entrepot.envs.network.slotting.methods import SLOTTINGS, slotted
from entrepot.envs.network.slotting.stock import Slotting, Stock

__all__ = ["SLOTTINGS", "Slotting", "Stock", "slotted"]
