"""From a name or a file to a validated network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from entrepot.configs.loader import ConfigurationError, locate, read_yaml, validate
from entrepot.envs.network.description import NetworkDescription


def load_network(name_or_path: str, *, skus: int | None = None) -> NetworkDescription:
    """Load and validate a network.

    Args:
        name_or_path: a network that ships with the package (``kreen``), or the path of a YAML file.
        skus: how many SKUs to take from the network's catalogue; the file's own number if not given.

    Raises:
        ConfigurationError: the file, the key, the value, and what is allowed.
    """
    path = locate("network", name_or_path)
    return network_from(read_yaml(path), source=path, skus=skus)


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
