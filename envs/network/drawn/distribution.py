"""What `configs/distribution/*.yaml` may say: the ranges from which random networks are drawn."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from entrepot.configs.loader import StrictModel, locate, read_yaml, validate
from entrepot.configs.numbers import Positive, Share


def _in_order(pair: list[float]) -> list[float]:
    if not 0 <= pair[0] <= pair[1]:
        raise ValueError("allowed: [least, most], 0 or more, in this order")
    return pair


Range = Annotated[list[float], Field(min_length=2, max_length=2), AfterValidator(_in_order)]


class NetworkDistribution(StrictModel):
    """Ranges [least, most] of networks; `configs/distribution/random.yaml` says what each is."""

    name: str = Field(pattern=r"^[a-z][a-z_]*$")
    nodes: Range
    skus: Range
    stages: Range
    production_days: Range
    near_days: Range
    middle_days: Range
    far_days: Range
    faster: Range
    fast_lane_share: Share
    second_origin_share: Share
    sideways_share: Share
    departures: Range
    late_share: Range
    late_days: Range
    slow_freight: Range
    fast_freight: Range
    shipment: Range
    shipment_free_share: Share
    duty: Range
    unit_value_usd: Range
    value_deviation: Range
    markup: Range
    volume_m3: Range
    density_kg_per_m3: Range
    capital_share_per_year: Range
    storage: Range
    peak_storage_share: Share
    handling: Range
    capacity_days: Range
    dock: Range
    picking: Range
    backlog_share: Range
    returns: Range
    perishable_share: Share
    perishable_way_days: Positive
    perishable_skus: Range
    shelf_life: Range
    top_units_per_day: Range
    rank_exponent: Range
    season: Range
    level_autocorrelation: Range
    level_deviation: Range
    shared_deviation: Range


def load_distribution(name_or_path: str) -> NetworkDistribution:
    """Load and validate a distribution of networks.

    Args:
        name_or_path: one that ships with the package (``random``), or the path of a YAML file.

    Raises:
        ConfigurationError: the file, the key, the value, and what is allowed.
    """
    path = locate("distribution", name_or_path)
    return validate(NetworkDistribution, read_yaml(path), path)
