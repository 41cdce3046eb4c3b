"""The heads of the neural policy by name; a new one is one new file here, and its import."""

from entrepot.agents.neural.heads.cover import CoverHead, cover_head_named
from entrepot.agents.neural.heads.head import Head, head_named, head_names, register_head
from entrepot.agents.neural.heads.release import ReleaseHead
from entrepot.agents.neural.heads.units import UnitsHead

__all__ = [
    "CoverHead",
    "Head",
    "ReleaseHead",
    "UnitsHead",
    "cover_head_named",
    "head_named",
    "head_names",
    "register_head",
]
