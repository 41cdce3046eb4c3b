"""The module that decides, the one before it, and one that is only watched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from entrepot.agents.inference import InferenceModule, load
from entrepot.configs.errors import ConfigurationError

TRIAL_PLANS = 12
"""So many plans after a swap the module before is asked, too, where the new one is answered for by the fallback."""


@dataclass
class Policies:
    """Of one desk, which changes it under its lock."""

    current: InferenceModule
    before: InferenceModule | None = None
    watched: InferenceModule | None = None
    trial_left: int = 0  # plans for which a swap is on trial

    def swap(self, module: InferenceModule) -> None:
        """Have another one decide, on trial."""
        self.before, self.current, self.trial_left = self.current, module, TRIAL_PLANS

    def back(self) -> InferenceModule:
        """Have the one before decide again; the one that no longer does.

        Raises:
            ConfigurationError: there is none.
        """
        if self.before is None:
            raise ConfigurationError("policy: there is none before this one")
        gone = self.current
        self.current, self.before, self.trial_left = self.before, None, 0
        return gone

    def told(self) -> dict[str, object]:
        """For people."""
        return {
            "module": self.current.versions.module,
            "manifest_digest": self.current.versions.manifest_digest,
            "before": None if self.before is None else self.before.versions.module,
            "watched": None if self.watched is None else self.watched.versions.module,
            "trial_plans_left": self.trial_left,
        }


def loaded(path: str) -> InferenceModule:
    """A module from a folder, which has proved itself on its golden cases in a process of its own.

    Raises:
        ModuleRefused: what is wrong with it.
    """
    return load(Path(path), apart=True)
