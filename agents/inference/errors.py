"""What can go wrong, under one root.

Bad data never raises: it sends a decision to the fallback. These are for what a person has to mend.
"""

from __future__ import annotations

from entrepot.configs.errors import EntrepotError


class InferenceError(EntrepotError):
    """Root of everything that `entrepot.agents.inference` raises."""


class ModuleRefused(InferenceError, ValueError):  # noqa: N818 - an answer, as in "connection refused"
    """An exported module that is incomplete, altered, or not what it says it is."""


class InputRefused(InferenceError, ValueError):  # noqa: N818
    """An argument that no decision can be made with, such as a limit of the wrong shape."""
