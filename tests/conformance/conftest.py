from __future__ import annotations

from tests.command_line.conftest import entrepot

__all__ = ["entrepot"]
