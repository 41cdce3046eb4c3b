from hypothesis import HealthCheck, given, settings

from entrepot.envs.network import NetworkArrays, NetworkDescription
from tests.worlds.networks import networks


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_random_networks_are_valid_and_small(network: NetworkDescription) -> None:
    arrays = NetworkArrays.from_description(network)
    assert 1 <= len(arrays.nodes) <= 4
    assert 1 <= len(arrays.lanes) <= 6
    assert 1 <= len(arrays.skus) <= 3
    assert arrays.pipeline_days <= 5 + 12 + 6 + 8 + 1
    assert (arrays.lane.origin >= len(arrays.nodes)).any()
