"""entrepot: multi-agent reinforcement learning for global warehouse networks."""

from importlib.metadata import PackageNotFoundError, version

from entrepot.configs.errors import EntrepotError
from entrepot.registration import register_with_gymnasium

try:
    __version__ = version("entrepot")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0.0.0"

register_with_gymnasium()

__all__ = ["EntrepotError", "__version__"]
