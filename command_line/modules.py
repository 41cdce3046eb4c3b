"""The exported module that a command works with."""

from __future__ import annotations

from importlib.resources import files as resources
from pathlib import Path

from entrepot.agents.inference import InferenceModule, load
from entrepot.configs.errors import ConfigurationError

RELEASED = "kreen-pathwise/0007"
"""For whatever network: 0008 is better on kreen, where it was trained, and keeps more stock than it must elsewhere."""


def module_of(policy: Path | None, *, apart: bool = False) -> InferenceModule:
    """The module at a path, or the one that ships; `apart`, its graph runs in a process of its own.

    Raises:
        ModuleRefused, ConfigurationError: it can't be used, or there is none.
    """
    if policy is not None:
        return load(policy, apart=apart)
    home = Path(str(resources("entrepot.checkpoints.released"))) / RELEASED
    if not home.is_dir():
        raise ConfigurationError("--policy: no module ships with this install; give the folder of one")
    return load(home, apart=apart)
