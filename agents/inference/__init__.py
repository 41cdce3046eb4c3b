"""Run an exported policy: NumPy and ONNX Runtime, nothing else.

from entrepot.agents.inference import load

module = load("checkpoints/released/kreen-pathwise/0008")
decision = module.decide(snapshot, age_seconds=12.0)
decision.orders  # [B, L, S] whole units
"""

from entrepot.agents.inference.decision import Decision, Limits, Reason, Tolerance, Versions, Why
from entrepot.agents.inference.errors import InferenceError, InputRefused, ModuleRefused
from entrepot.agents.inference.loading import load
from entrepot.agents.inference.module import InferenceModule

__all__ = [
    "Decision",
    "InferenceError",
    "InferenceModule",
    "InputRefused",
    "Limits",
    "ModuleRefused",
    "Reason",
    "Tolerance",
    "Versions",
    "Why",
    "load",
]
