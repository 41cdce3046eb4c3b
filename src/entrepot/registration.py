"""Our environments are known to Gymnasium by id once both packages are imported, in whichever order.

Gymnasium has had no entry points for other packages' environments since 1.0, and to import it from here would slow down
`import entrepot` and break it in the core install, which lacks it. So a finder waits for it at the head of
`sys.meta_path`, and leaves when it has been seen.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # which takes longer to import than all the rest of `import entrepot`
    from collections.abc import Sequence
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec
    from types import ModuleType
else:
    Loader = object

CENTRAL_PLANNER = "entrepot/CentralPlanner-v0"
ENTRY_POINTS = {CENTRAL_PLANNER: "entrepot.envs.central_planner:CentralPlanner"}


def register_with_gymnasium() -> None:
    """Register now if gymnasium is there, else as soon as it is."""
    if "gymnasium" in sys.modules:
        _register(sys.modules["gymnasium"])
    elif not any(isinstance(finder, _Waiting) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Waiting())


def _register(gymnasium: Any) -> None:
    for name, entry_point in ENTRY_POINTS.items():
        if name not in gymnasium.registry:
            gymnasium.register(name, entry_point=entry_point)


class _Waiting:
    """Finds nothing itself, but sees gymnasium pass."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As the finders behind it would; its loader registers afterwards."""
        if fullname != "gymnasium":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _ThenRegister(spec.loader)
        return spec


class _ThenRegister(Loader):
    """Another loader, and our registration after it."""

    def __init__(self, loader: Loader) -> None:
        """Args: the loader that does the work."""
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the other does."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run it as if this loader had never been in between."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        _register(module)
