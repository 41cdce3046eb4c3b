"""The SKUs of a network as arrays: listed one by one, or drawn from a catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network.description import Catalogue, NetworkDescription


@dataclass(frozen=True)
class Assortment:
    """S SKUs and the K suppliers that make them."""

    names: tuple[str, ...]
    unit_value_usd: NDArray[np.float64]  # [S]
    price_usd: NDArray[np.float64]  # [S]
    volume_m3: NDArray[np.float64]  # [S]
    weight_kg: NDArray[np.float64]  # [S]
    made_by: NDArray[np.bool_]  # [K, S]


def assortment_of(network: NetworkDescription) -> Assortment:
    """The network's SKUs, in the order of its file or catalogue."""
    suppliers = list(network.suppliers)
    if network.catalogue is not None:
        return _drawn(network.catalogue, suppliers)
    listed = network.skus or {}
    made_by = [[supplier in sku.suppliers for sku in listed.values()] for supplier in suppliers]
    return Assortment(
        names=tuple(listed),
        unit_value_usd=np.array([sku.unit_value_usd for sku in listed.values()]),
        price_usd=np.array([sku.price_usd for sku in listed.values()]),
        volume_m3=np.array([sku.volume_m3 for sku in listed.values()]),
        weight_kg=np.array([sku.weight_kg for sku in listed.values()]),
        made_by=np.array(made_by, dtype=np.bool_),
    )


def _drawn(catalogue: Catalogue, suppliers: list[str]) -> Assortment:
    # One row of draws per SKU, so that the first 32 of 2,000 SKUs are the same 32.
    draws = np.random.default_rng(catalogue.seed).random((catalogue.count, 3))
    quantile = NormalDist().inv_cdf
    normal = np.array([[quantile(min(max(u, 1e-9), 1 - 1e-9)) for u in row] for row in draws[:, :2]])
    value = catalogue.unit_value_usd * np.exp(catalogue.unit_value_log_deviation * normal[:, 0])
    volume = catalogue.volume_m3 * np.exp(catalogue.volume_log_deviation * normal[:, 1])
    shares = np.array([catalogue.supplier_shares.get(supplier, 0.0) for supplier in suppliers])
    maker = np.searchsorted(np.cumsum(shares / shares.sum()), draws[:, 2], side="right").clip(max=len(suppliers) - 1)
    return Assortment(
        names=tuple(f"sku-{number:05d}" for number in range(1, catalogue.count + 1)),
        unit_value_usd=value.round(2).clip(min=0.01),
        price_usd=(value * catalogue.markup).round(2).clip(min=0.02),
        volume_m3=volume,
        weight_kg=volume * catalogue.density_kg_per_m3,
        made_by=maker[None, :] == np.arange(len(suppliers))[:, None],
    )
