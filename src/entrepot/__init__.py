"""entrepot: multi-agent reinforcement learning for global warehouse networks."""

from importlib.metadata import PackageNotFoundError, version

from entrepot.configs.errors import EntrepotError

try:
    __version__ = version("entrepot")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0.0.0"

__all__ = ["EntrepotError", "__version__"]
