"""What a disruption does to a scenario: drawn before the episode, each event from a stream of its own by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network.disruption.effect import Effect
from entrepot.envs.network.disruption.event import EventArrays
from entrepot.envs.twin.scenario.disruption_known import known_of_lanes, least_share
from entrepot.envs.twin.scenario.disruption_lanes import Departures, production_days, put_off
from entrepot.envs.twin.scenario.disruption_spans import NEVER, Spans
from entrepot.envs.twin.scenario.sources import Stretch
from entrepot.envs.twin.scenario.streams import Streams

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class _Happening:
    """An event, when it lasts, and what is left of its stream."""

    event: EventArrays
    spans: Spans
    rng: np.random.Generator

    @property
    def effect(self) -> Effect:
        return self.event.effect


def disrupted(stretch: Stretch, streams: Streams, values: Mapping[str, NDArray[Any]]) -> Arrays:
    """A scenario's values after what befalls its network; the same values where nothing does.

    Args:
        stretch: what they were drawn for.
        streams: of the draw.
        values: by field, as they are without.

    Raises:
        ConfigurationError: goods are put off by more than the pipeline holds.
    """
    befalls = stretch.network.disruption
    if befalls is None:
        return dict(values)
    ahead = stretch.days + stretch.network.pipeline_days  # what will hold up goods that were ordered before the end
    happenings = []
    for event in befalls.events:
        rng = streams.of(f"disruption {event.name}")
        happenings.append(_Happening(event, Spans.drawn(event.when, stretch.first_day, ahead, rng), rng))
    happenings, lanes = _held_by_the_pipeline(stretch, happenings, dict(values))
    changed = {**values, **lanes}
    for change in (_demand, _equipment, _conditions, _stock):
        changed |= change(stretch, happenings, changed)
    return changed


def _held_by_the_pipeline(
    stretch: Stretch, happenings: list[_Happening], values: Arrays
) -> tuple[list[_Happening], Arrays]:
    """What happens, and to lanes, where the pipeline holds whatever is put off.

    It has room for what events on dates put off in a row, and for those by chance once each. Where more of these follow
    on one another, the one of them that starts last is left out.

    Raises:
        ConfigurationError: goods are put off by more without any event by chance.
    """
    network = stretch.network
    while True:
        found = _lanes(stretch, happenings, values)
        if "delay_days" not in found:
            return happenings, found
        departures = Departures(stretch)
        way = departures.scheduled - departures.today + network.lane.transit_days + found["delay_days"]
        late = way > network.pipeline_days - 1 - network.lane.check_in_longest_days
        episodes = np.flatnonzero(late.any(axis=(1, 2)))
        if not len(episodes):
            return happenings, found
        day, lane = np.divmod(late[episodes].reshape(len(episodes), -1).argmax(axis=1), late.shape[2])
        shipment = _Shipment(episodes, lane, day, day + way[episodes, day, lane])
        happenings = _without_the_last(stretch, happenings, shipment)


@dataclass(frozen=True)
class _Shipment:
    """One in each of some episodes."""

    episode: NDArray[np.int64]
    lane: NDArray[np.int64]
    ordered: NDArray[np.int64]  # day
    arrives: NDArray[np.int64]  # day


def _without_the_last(stretch: Stretch, happenings: list[_Happening], shipment: _Shipment) -> list[_Happening]:
    """The same without that occurrence by chance, of those that a shipment meets, which starts last."""
    network = stretch.network
    origin = network.lane.origin - len(network.nodes)
    met = []
    for happening in happenings:
        start, end = happening.spans.start[shipment.episode], happening.spans.end[shipment.episode]
        strikes = happening.effect.puts_off(origin)[shipment.lane] & (happening.event.when.rate_per_year is not None)
        meets = strikes[:, None] & (start <= shipment.arrives[:, None]) & (end > shipment.ordered[:, None])
        met.append(np.where(meets, start, NEVER))
    last = np.max([start.max(axis=1, initial=NEVER) for start in met], axis=0)
    if (last == NEVER).any():
        assert network.disruption is not None
        raise ConfigurationError(
            f"disruption {network.disruption.described.name}: puts off a shipment by more than the pipeline's "
            f"{network.pipeline_days} days hold, and nothing that comes by chance can be left out"
        )
    left = []
    for happening, start in zip(happenings, met, strict=True):
        gone = np.zeros(happening.spans.start.shape, np.bool_)
        gone[shipment.episode] = start == last[:, None]
        left.append(replace(happening, spans=happening.spans.without(gone)))
    return left


def happening_days(stretch: Stretch, streams: Streams) -> dict[str, NDArray[np.bool_]]:
    """[B, T] by event, the days on which it lasts.

    Args:
        stretch: what is drawn for.
        streams: of the draw.
    """
    befalls, days = stretch.network.disruption, _days(stretch)
    ahead = stretch.days + stretch.network.pipeline_days
    events = () if befalls is None else befalls.events
    return {
        event.name: Spans.drawn(event.when, stretch.first_day, ahead, streams.of(f"disruption {event.name}")).lasts_on(
            days
        )
        for event in events
    }


def _days(stretch: Stretch) -> NDArray[np.int64]:
    """[B, T] counted from each episode's first."""
    return np.broadcast_to(np.arange(stretch.days), stretch.shape)


def _demand(stretch: Stretch, happenings: list[_Happening], values: Arrays) -> Arrays:
    """Units asked for; a fraction that a factor leaves is rounded by chance, so that the mean is the factor's."""
    demand = None
    for happening in happenings:
        factor = happening.effect.demand_factor
        if factor is None:
            continue
        demand = values["demand"].copy() if demand is None else demand
        episode, day = np.nonzero(happening.spans.lasts_on(_days(stretch)))
        market, sku = np.nonzero(factor != 1)
        place = episode[:, None], day[:, None], market, sku
        units = demand[place] * factor[market, sku]
        if not stretch.network.divisible:
            units = np.floor(units + happening.rng.random(units.shape))
        demand[place] = units
    return {} if demand is None else {"demand": demand}


def _equipment(stretch: Stretch, happenings: list[_Happening], values: Arrays) -> Arrays:
    """Hazards so many times as great: thresholds and lives so much shorter. Shares of docks and picking, and known."""
    found: Arrays = {}
    days = _days(stretch)
    for happening in happenings:
        factor, equipment = happening.effect.hazard_factor, stretch.network.equipment
        if factor is None or equipment is None:
            continue
        lasts = happening.spans.lasts_on(days)[..., None]
        for field, shorter in (
            ("equipment_threshold", 1 / factor),
            ("equipment_second_life", factor ** (-1 / equipment.shape)),
        ):
            drawn = found.get(field, values[field])
            found[field] = (drawn * np.where(lasts, shorter, 1.0)).astype(drawn.dtype)
    shares = [
        (happening.spans, happening.effect.throughput_share)
        for happening in happenings
        if happening.effect.throughput_share is not None
    ]
    if shares:
        shape = (*stretch.shape, len(stretch.network.nodes))
        found["equipment"] = least_share(shape, [(spans.lasts_on(days), share) for spans, share in shares])
        found["known_equipment"] = least_share(shape, [(spans.known_on(days), share) for spans, share in shares])
    return found


def _conditions(stretch: Stretch, happenings: list[_Happening], values: Arrays) -> Arrays:
    """Shares of suppliers' capacity, and factors on freight."""
    network, days, found = stretch.network, _days(stretch), {}
    up = [(h.spans.lasts_on(days), h.effect.up_share) for h in happenings if h.effect.up_share is not None]
    if up:
        found["supplier_up"] = least_share((*stretch.shape, len(network.suppliers)), up)
    prices = [(h.spans.lasts_on(days), h.effect.price_factor) for h in happenings if h.effect.price_factor is not None]
    if prices:
        surge = np.ones((*stretch.shape, len(network.lanes)), np.float32)
        for lasts, factor in prices:
            surge *= np.where(lasts[..., None], factor, 1.0).astype(np.float32)
        found["price_surge"] = surge
    return found


def _lanes(stretch: Stretch, happenings: list[_Happening], values: Arrays) -> Arrays:
    """Shares of lanes' capacity, delays, and what is known of both."""
    network, departures = stretch.network, Departures(stretch)
    shape = departures.scheduled.shape
    origin = network.lane.origin - len(network.nodes)  # below 0 where a node is
    shares = [(h.spans, h.effect.open_share) for h in happenings if h.effect.open_share is not None]
    stops = [(h.spans, h.effect.up_share) for h in happenings if h.effect.up_share is not None]
    extra = [(h.spans, h.effect.extra_days) for h in happenings if h.effect.extra_days is not None]
    late = [(h.spans, h.effect.late_days) for h in happenings if h.effect.late_days is not None]
    holds = [(h.spans, h.effect.holds) for h in happenings if h.effect.holds is not None]
    if not (shares or stops or extra or late or holds):
        return {}
    found: Arrays = {}
    if shares:
        found["lane_open"] = least_share(shape, [(spans.lasts_on(departures.days), share) for spans, share in shares])
    shut = [(spans, share <= 0) for spans, share in shares if (share <= 0).any()]
    departs = departures.taking_place(shut, as_known=False)
    delay = values["delay_days"]
    arrives = departs + network.lane.transit_days + delay
    standing = [(spans, share <= 0) for spans, share in stops if (share <= 0).any()]
    if standing:
        ready = production_days(stretch, standing)
        arrives = arrives + np.where(origin >= 0, ready[..., np.maximum(origin, 0)], 0)
    arrives = put_off(arrives, departs, extra=extra, late=late, holds=holds)
    found["delay_days"] = arrives - departures.scheduled - network.lane.transit_days
    # Who orders sees a lane shut whose supplier stands still.
    seen = shares + [(spans, np.where(origin >= 0, share[np.maximum(origin, 0)], 1.0)) for spans, share in stops]
    return found | known_of_lanes(departures, seen, extra)


def _stock(stretch: Stretch, happenings: list[_Happening], values: Arrays) -> Arrays:
    """Shares of stock that are lost on an event's first day."""
    shares = [(h.spans, h.effect.stock_lost_share) for h in happenings if h.effect.stock_lost_share is not None]
    if not shares:
        return {}
    left = np.ones((*stretch.shape, len(stretch.network.nodes)))
    for spans, share in shares:
        left *= np.where(spans.starts_on(_days(stretch))[..., None], 1 - share, 1.0)
    return {"stock_lost": 1 - left}
