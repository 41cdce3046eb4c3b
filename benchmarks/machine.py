"""On what a benchmark ran, which its figures depend on."""

from __future__ import annotations

import os
import platform
from typing import Any

from entrepot import __version__


def machine() -> dict[str, Any]:
    """The code's version, the processor, how busy it was, and Python's version."""
    return {
        "load_average": os.getloadavg()[0],
        "code_version": __version__,
        "cpu": platform.processor() or platform.machine(),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
    }
