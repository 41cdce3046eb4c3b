"""From a name or a file to a validated network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from entrepot.configs.loader import ConfigurationError, is_path, locate, read_yaml, validate
from entrepot.envs.network.description import NetworkDescription
from entrepot.envs.network.drawn import drawn_named


def load_network(name_or_path: str, *, skus: int | None = None) -> NetworkDescription:
    """Load and validate a network.

    Args:
        name_or_path: a network that ships with the package (``kreen``), a draw of a distribution of random networks
            (``random-7``), or the path of a YAML file.
        skus: how many SKUs to take from the network's catalogue; the file's own number if not given.

    Raises:
        ConfigurationError: the file, the key, the value, and what is allowed.
    """
    drawn = drawn_named(name_or_path)
    if drawn is not None:
        return drawn.network if skus is None else _with_skus(drawn.network, skus)
    path = locate("network", name_or_path)
    return network_from(_whole(path), source=path, skus=skus)


def _with_skus(network: NetworkDescription, skus: int) -> NetworkDescription:
    assert network.catalogue is not None  # as all that is drawn has
    return network.model_copy(update={"catalogue": network.catalogue.model_copy(update={"count": skus})})


def _whole(path: Path) -> dict[str, Any]:
    """The file's content; where it says `extends`, that of the other network with the file's own added.

    What has names is added or takes the place of the namesake, as does each key of `inside`; a lane's name is its
    origin, destination and mode.
    Anything else takes the other's place, and SKUs listed one by one that of a catalogue, or the other way round.
    """
    content = _read(path)
    seen = [path.resolve()]
    while "extends" in content:
        other = content.pop("extends")
        if not isinstance(other, str):
            raise ConfigurationError(f"{path}: extends: {other!r}; allowed: a network's name, or the path of a .yaml")
        place = locate("network", str(seen[-1].parent / other) if is_path(other) else other)
        if place.resolve() in seen:
            raise ConfigurationError(f"{path}: extends: {other!r} extends this network in turn")
        seen.append(place.resolve())
        content = _added(_read(place), content)
    return content


def _read(path: Path) -> dict[str, Any]:
    """A file's content, in which paths of positions, which are from its folder, are from here."""
    content = read_yaml(path)
    inside = content.get("inside")
    warehouses = inside.get("warehouses") if isinstance(inside, dict) else None
    for warehouse in warehouses.values() if isinstance(warehouses, dict) else ():
        layout = warehouse.get("layout") if isinstance(warehouse, dict) else None
        if isinstance(layout, dict) and isinstance(layout.get("positions"), str):
            layout["positions"] = str(path.parent / layout["positions"])
    return content


def _added(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    result = {**base, **more}
    for key in base.keys() & more.keys():
        if isinstance(base[key], dict) and isinstance(more[key], dict):
            result[key] = {**base[key], **more[key]}
        elif key == "lanes" and isinstance(base[key], list) and isinstance(more[key], list):
            result[key] = _lanes_by_name(base[key], more[key])
    for key, instead in (("skus", "catalogue"), ("catalogue", "skus")):
        if key in more and instead not in more:
            result.pop(instead, None)
    if "extends" in base:
        result["extends"] = base["extends"]
    return result


def _lanes_by_name(base: list[Any], more: list[Any]) -> list[Any]:
    """The base's lanes in their order, those described again as they are there, and then the new ones."""
    again = {_lane_name(lane): lane for lane in more}
    if len(again) < len(more):  # twice in one file, which validation tells with its place
        return [*base, *more]
    known = {_lane_name(lane) for lane in base}
    return [
        *(again.get(_lane_name(lane), lane) for lane in base),
        *(lane for name, lane in again.items() if name not in known),
    ]


def _lane_name(lane: Any) -> Any:
    if not isinstance(lane, Mapping):
        return repr(lane)
    return tuple(str(lane.get(key)) for key in ("origin", "destination", "mode"))


def network_from(content: Mapping[str, Any], *, source: object, skus: int | None = None) -> NetworkDescription:
    """Validate a network that has been read already.

    Args:
        content: keys and values as in a network's YAML.
        source: the file or argument to name in an error.
        skus: as in `load_network`.

    Raises:
        ConfigurationError: the source, the key, the value, and what is allowed.
    """
    content = dict(content)
    if skus is not None:
        if not isinstance(content.get("catalogue"), Mapping):
            raise ConfigurationError(f"{source}: skus: the network lists its SKUs one by one, so their number is fixed")
        content["catalogue"] = {**content["catalogue"], "count": skus}
    return validate(NetworkDescription, content, str(source))
