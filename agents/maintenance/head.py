"""From what is known of a unit of equipment to whether it is maintained today."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot

UNIT_FEATURES = ("past_best_age", "wear", "mending", "log_shape", "planned_share", "at_work", "season_next_week")
"""In the last axis of what the head reads."""
MOST = 8.0
HIDDEN = 16


def unit_features(snapshot: Snapshot, attributes: NetworkAttributes) -> Tensor:
    """[B, U, F] features of units: see `UNIT_FEATURES`.

    `past_best_age`: hours of work over those at which maintenance costs least in the long run, less 1; -1 where it
    never pays. `wear`: the same hours over the scale of the unit's life. `mending`: shifts until it works again.
    `at_work`: of its node's docks and picking. `season_next_week`: logarithm of the seasonal index.

    Args:
        snapshot: at decision time, of a network whose equipment wears.
        attributes: of the same network.
    """
    known = attributes.units
    assert known is not None
    assert snapshot.unit_age_hours is not None
    assert snapshot.unit_down_hours is not None
    age = snapshot.unit_age_hours
    like = torch.zeros_like(age)
    share = snapshot.equipment.index_select(1, known.unit_node)
    season = torch.log(snapshot.season_ahead[:, 2:3].clamp(min=0.05))
    features = [
        age / known.unit_best_age_hours.clamp(min=1.0) - 1.0,
        age / known.unit_scale_hours,
        snapshot.unit_down_hours / known.unit_hours_per_day,
        torch.log(known.unit_shape) + like,
        known.unit_planned_share + like,
        share + like,
        season + like,
    ]
    return torch.stack(features, dim=-1).clamp(-MOST, MOST)


class MaintenanceHead(nn.Module):
    """One small perceptron for all units of any network: from features [..., U, F] to [..., U], from 0 up: maintain.

    What is learnt is added to `past_best_age`, so that an untrained head is age replacement at the age of least cost
    (Barlow and Hunter 1960).
    """

    def __init__(self) -> None:
        """Make an untrained head."""
        super().__init__()
        self.first, self.last = nn.Linear(len(UNIT_FEATURES), HIDDEN), nn.Linear(HIDDEN, 1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, features: Tensor) -> Tensor:
        """[..., U]."""
        learnt: Tensor = self.last(torch.tanh(self.first(features)))
        return features[..., 0] + learnt[..., 0]
