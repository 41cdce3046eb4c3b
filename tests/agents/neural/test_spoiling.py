import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from entrepot.agents.neural.spoiling import Spoiling, _loss, waiting_share

Floats = NDArray[np.float64]
LEAST_DAYS = 0.5
LANDED_SHARE, HOLDING_SHARE = 0.05, 0.001
"""Of a unit's value, the latter a day."""


def figures(**changes: float) -> Spoiling:
    """Of one lane and SKU, as [1, 1, 1]."""
    usual = {"cycle": 3.0, "lead": 5.0, "lasts": 8.0, "deviation": 3.0, "deviation_of_life": 4.0} | {
        "earns": 10.0,
        "held": 0.05,
        "spoilt": 5.0,
    }
    return Spoiling(**{name: torch.full((1, 1, 1), value) for name, value in (usual | changes).items()})


def kept(most: float = 40.0, **changes: float) -> float:
    return float(figures(**changes).days_of_stock(LEAST_DAYS, torch.full((1, 1, 1), most)))


def test_more_is_kept_of_what_earns_more_lasts_longer_or_costs_less_to_lose() -> None:
    assert kept(earns=20.0) > kept() > kept(spoilt=20.0)
    assert kept(lasts=16.0) > kept() > kept(lasts=4.0)
    assert kept(held=1.0) < kept()


def test_what_hardly_perishes_is_kept_as_it_would_be_anyhow_and_what_loses_money_as_little_as_may_be() -> None:
    assert kept(most=6.0, lasts=200.0) == 6.0
    assert kept(earns=0.01, spoilt=500.0) < 1.0


def test_a_unit_more_earns_less_the_more_there_is_and_nothing_where_the_days_are_found() -> None:
    one = figures()
    gains = torch.cat([one.gain(torch.full((1, 1, 1), days)) for days in np.linspace(0, 30, 31)])
    assert (gains[1:] < gains[:-1]).all()
    assert abs(float(one.gain(torch.full((1, 1, 1), kept())))) < 0.02


def test_the_days_found_move_with_prices_as_a_difference_says() -> None:
    earns = torch.full((1, 1, 1), 10.0, requires_grad=True)
    known = {name: value for name, value in vars(figures()).items() if name != "earns"}
    days = Spoiling(**known, earns=earns).days_of_stock(LEAST_DAYS, torch.full((1, 1, 1), 40.0))
    days.sum().backward()  # type: ignore[no-untyped-call]
    assert earns.grad is not None
    np.testing.assert_allclose(float(earns.grad), (kept(earns=12.0) - kept(earns=8.0)) / 4, rtol=0.15)


def test_lorries_wait_longer_the_dearer_they_are_and_the_longer_their_goods_last() -> None:
    assert share(price=2000.0) >= share(price=300.0) > share(price=10.0)
    assert share(lasts=30.0) > share(lasts=4.0)


def share(price: float = 300.0, lasts: float = 8.0) -> float:
    one = torch.ones(1, 1, 1)

    def deviation(days: Tensor | float) -> Tensor:
        return torch.sqrt((5 + days) * one)

    return float(
        waiting_share(20 * one, one[0], one, lasts * one, deviation, 10 * one, 10 * one, 0.01 * one, price * one[0, 0])
    )


def test_the_loss_function_is_the_normals_mean_above() -> None:
    draws = np.random.default_rng(0).standard_normal(400_000)
    for z in (-1.0, 0.0, 1.5):
        np.testing.assert_allclose(float(_loss(torch.tensor(z))), np.maximum(draws - z, 0).mean(), atol=0.004)


def test_on_one_node_it_costs_far_less_than_covering_all_of_a_life_and_not_much_more_than_the_best() -> None:
    """Instances are drawn as the random networks' ranges say; days are those of stock that is at hand or due."""
    rng = np.random.default_rng(0)
    ours, whole_life = [], []
    for _ in range(12):
        way, production = int(rng.integers(1, 6)), int(rng.integers(1, 21))
        life = max(2, 1 + round((1 + way) * math.exp(rng.uniform(math.log(1.3), math.log(6)))) - way)
        lead, interval, mean = way + production, 7 / int(rng.integers(1, 8)), math.exp(rng.uniform(0, math.log(60)))
        variation = max(math.exp(rng.uniform(math.log(0.3), math.log(4))), 1 / math.sqrt(mean))
        margin = rng.uniform(0.5, 3.0)  # of a value of 1: where it is less, not to sell at all may be best
        grid = np.concatenate([np.arange(1 - min(9, lead), 12), np.arange(12, 60, 3.0)])
        cost = simulated(rng, mean, variation, lead, life, interval, margin, lead + grid)

        def deviation(days: float, variation: float = variation) -> float:
            return variation * math.sqrt(days)

        held = HOLDING_SHARE * interval + 1e-3 * margin
        quantile = float(torch.special.ndtri(torch.tensor((margin - LANDED_SHARE) / (margin - LANDED_SHARE + held))))
        lasting = interval + quantile * deviation(lead + interval)
        days = kept(
            min(lasting, life),
            cycle=interval,
            lead=lead,
            lasts=life,
            deviation=deviation(lead + interval),
            deviation_of_life=deviation(lead + life),
            earns=margin - LANDED_SHARE,
            held=held,
            spoilt=1 + LANDED_SHARE,
        )
        ours.append(np.interp(days, grid, cost) / cost.min() - 1)
        whole_life.append(np.interp(min(lasting, life), grid, cost) / cost.min() - 1)
    assert np.median(ours) < 0.05
    assert np.mean(ours) < 0.8 * np.mean(whole_life)


def simulated(
    rng: np.random.Generator,
    mean: float,
    variation: float,
    lead: int,
    life: int,
    interval: float,
    margin: float,
    position_days: Floats,
    runs: int = 12,
    days: int = 320,
    warm_up: int = 80,
) -> Floats:
    """USD a day of each base stock: the oldest is sold first, what isn't asked for in time perishes, sales are lost."""
    sells = min(1.0, 1.5 / variation**2) if variation > 1 else 1.0  # on so many days anyone asks
    size = mean / sells
    variance = max(mean**2 * (1 + variation**2) / sells - size**2, 1.01 * size)
    number = size**2 / (variance - size)
    asked = rng.negative_binomial(number, number / (number + size), (days, 1, runs))
    asked = asked * (rng.random(asked.shape) < sells)
    levels = position_days[:, None] * mean
    shelf = np.zeros((life + 1, len(levels), runs))  # by days left
    due = np.zeros((lead + 2, len(levels), runs))
    cost, next_departure = np.zeros(len(levels)), 0.0
    for day in range(days):
        shelf = np.roll(shelf, -1, axis=0)
        expired, shelf[-1] = shelf[-1].copy(), 0
        shelf[life - 1] += due[0]
        due = np.roll(due, -1, axis=0)
        due[-1] = 0
        served = np.minimum(shelf.sum(axis=0), asked[day])
        ahead = np.concatenate([np.zeros((1, *served.shape)), shelf.cumsum(axis=0)[:-1]])
        shelf = shelf - np.clip(served - ahead, 0, shelf)
        ordered = np.zeros_like(served)
        if day >= next_departure - 1e-9:
            next_departure += interval
            ordered = np.maximum(0, np.round(levels - shelf.sum(axis=0) - due.sum(axis=0)))
            due[lead] += ordered
        if day >= warm_up:
            lost = asked[day] - served
            usd = margin * lost + expired + LANDED_SHARE * ordered + HOLDING_SHARE * shelf.sum(axis=0)
            cost += usd.mean(axis=1) / (days - warm_up)
    return cost
