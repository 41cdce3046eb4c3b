"""From the days with and without an event to how a policy stood it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.training.evaluation.intervals import mean_interval
from entrepot.training.evaluation.resilience import Resilience, ResilienceSettings, Service, Trial

Floats = NDArray[np.float64]
WEEK = 7
"""Days that a day's service is told of, up to it: shops are shut on some weekdays, and one day's demand is small."""
RESAMPLES = 2_000


def rows_of(found: Resilience) -> list[dict[str, Any]]:
    """A row for each disruption and policy; None for what was not measured or lies beyond what was looked at.

    `service_kept`: fill rate from the event's start to its end over that of the same days without it, the mean of the
    episodes; `service_kept_after` from its end to the last day. `worst_market`: where least of it was kept.
    `time_to_survive_days`: from its start until the fill rate of the last seven days is below `threshold` of the
    undisturbed, the median episode; `never_fell_share` of episodes have none. `time_to_recover_days`: from its end
    until that fill rate is within `tolerance` of the undisturbed for good, 0 where it is all the while;
    `not_recovered_share` of episodes are not at the last day. `event_cost_usd`: settled cost with it less that without;
    it holds what it costs to serve a surge, but not what the surge's sales bring in.
    """
    return [_row(trial, found) for trial in found.trials]


def _row(trial: Trial, found: Resilience) -> dict[str, Any]:
    settings = found.settings
    kept = _kept(trial)
    by_market = np.array([_mean(_kept(trial, market)) for market in range(len(found.markets))])
    worst = int(np.nanargmin(by_market)) if np.isfinite(by_market).any() else None
    survive, recover = times(trial, settings)
    usd = trial.with_it.settled_usd - trial.without.settled_usd
    lost = trial.with_it.lost - trial.without.lost
    return {
        "disruption": trial.disruption,
        "policy": trial.policy,
        "episodes": len(usd),
        "event_days": float((trial.end - trial.start).mean()),
        "fill_rate_without": _mean(_fill(trial.without, _during(trial))),
        "fill_rate_with": _mean(_fill(trial.with_it, _during(trial))),
        **_with_interval("service_kept", kept),
        **_with_interval("service_kept_after", _kept(trial, after=True)),
        "worst_market": None if worst is None else found.markets[worst],
        "worst_market_service_kept": None if worst is None else float(by_market[worst]),
        **_median("time_to_survive_days", survive),
        "never_fell_share": float(np.isinf(survive).mean()),
        **_median("time_to_recover_days", recover),
        "not_recovered_share": float(np.isinf(recover).mean()),
        **_with_interval("event_cost_usd", usd),
        **_with_interval("event_lost_sales_units", lost),
    }


def times(trial: Trial, settings: ResilienceSettings) -> tuple[Floats, Floats]:
    """[E] days to survive and [E] to recover; infinite where service never fell, or had not recovered at the end."""
    with_it, without = weekly_fill(trial.with_it), weekly_fill(trial.without)
    share = _ratio(with_it, without)
    day = np.arange(share.shape[1])
    since = day >= trial.start[:, None]
    fell = since & (share < settings.threshold)
    survive = np.where(fell.any(axis=1), fell.argmax(axis=1) - trial.start, np.inf)
    below = since & (share < 1 - settings.tolerance)
    last = share.shape[1] - 1 - below[:, ::-1].argmax(axis=1)
    recover = np.where(below.any(axis=1), np.maximum(last + 1 - trial.end, 0), 0).astype(np.float64)
    # Whoever is below on the last day may be so on the next.
    return survive, np.where(below[:, -1], np.inf, recover)


def weekly_fill(service: Service) -> Floats:
    """[E, T] share of what was asked for in the seven days up to each that was served on the day; NaN before."""
    demand, served = (_weekly(units.sum(axis=2)) for units in (service.demand, service.on_the_day))
    return _ratio(served, demand)


def pooled_weekly_fill(service: Service) -> Floats:
    """[T] the same of all episodes together."""
    demand, served = (_weekly(units.sum(axis=(0, 2))[None])[0] for units in (service.demand, service.on_the_day))
    return _ratio(served, demand)


def _weekly(units: Floats) -> Floats:
    """[E, T] sums of seven days up to each; NaN on the first six."""
    sums = np.full(units.shape, np.nan)
    total = np.concatenate([np.zeros((len(units), 1)), units.cumsum(axis=1)], axis=1)
    sums[:, WEEK - 1 :] = total[:, WEEK:] - total[:, :-WEEK]
    return sums


def _during(trial: Trial, *, after: bool = False) -> NDArray[np.bool_]:
    """[E, T] whether the event lasts, or is over."""
    day = np.arange(trial.with_it.demand.shape[1])
    over = day >= trial.end[:, None]
    return over if after else (trial.start[:, None] <= day) & ~over


def _fill(service: Service, lasts: NDArray[np.bool_], market: int | None = None) -> Floats:
    """[E] share of the units asked for on some days that were served on the day; NaN where none were."""
    chosen = slice(None) if market is None else slice(market, market + 1)
    demand, served = (
        (units[..., chosen].sum(axis=2) * lasts).sum(axis=1) for units in (service.demand, service.on_the_day)
    )
    return _ratio(served, demand)


def _kept(trial: Trial, market: int | None = None, *, after: bool = False) -> Floats:
    """[E] share of the undisturbed fill rate while the event lasts, or once it is over."""
    lasts = _during(trial, after=after)
    return _ratio(_fill(trial.with_it, lasts, market), _fill(trial.without, lasts, market))


def _ratio(one: Floats, other: Floats) -> Floats:
    return np.asarray(np.divide(one, other, out=np.full(np.shape(one), np.nan), where=other > 0))


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def _with_interval(name: str, values: Floats) -> dict[str, float | None]:
    known = values[np.isfinite(values)]
    if not known.size:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"))
    low, high = mean_interval(known)
    return {name: float(known.mean()), f"{name}_low": low, f"{name}_high": high}


def _median(name: str, days: Floats) -> dict[str, float | None]:
    """The median episode and its 95 % interval, by resampling episodes; None beyond what was looked at."""
    index = np.random.default_rng(0).integers(0, len(days), (RESAMPLES, len(days)))
    # The lower of two middle ones: a mean with infinity has no value.
    medians = np.quantile(days[index], 0.5, axis=1, method="lower")
    low, high = np.quantile(medians, (0.025, 0.975), method="nearest")
    found = (float(np.quantile(days, 0.5, method="lower")), float(low), float(high))
    keys = (name, f"{name}_low", f"{name}_high")
    return {key: value if np.isfinite(value) else None for key, value in zip(keys, found, strict=True)}
