"""From a trained policy to a folder that `entrepot.agents.inference` loads."""

from entrepot.training.export.folder import export_policy
from entrepot.training.export.graph import PolicyGraph, to_onnx
from entrepot.training.export.snapshots import SnapshotRecorder

__all__ = ["PolicyGraph", "SnapshotRecorder", "export_policy", "to_onnx"]
