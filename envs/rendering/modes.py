"""How an environment can be rendered."""

from __future__ import annotations

from entrepot.configs.loader import ConfigurationError

RENDER_MODES = ("human", "rgb_array")


def check_render_mode(mode: str | None) -> None:
    """Refuse what can't be rendered.

    Raises:
        ConfigurationError: the mode, and what is allowed.
    """
    if mode is not None and mode not in RENDER_MODES:
        raise ConfigurationError(f"render_mode: {mode!r}; allowed: {', '.join(RENDER_MODES)}, or None")
