"""entrepot: multi-agent reinforcement learning for global warehouse networks."""

from entrepot.configs.errors import EntrepotError
from entrepot.registration import register_with_gymnasium

register_with_gymnasium()

__all__ = ["EntrepotError", "__version__"]

__version__: str


def __getattr__(name: str) -> str:
    """The version, read when it is asked for: that takes longer than all the rest of this file."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("entrepot")
    except PackageNotFoundError:  # a checkout that was never installed
        return "0.0.0"
