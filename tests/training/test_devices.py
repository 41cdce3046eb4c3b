"""Nothing assumes the CPU: every module and the twin run where they are put.

On a machine without an accelerator that is the meta device, which computes shapes and refuses to mix with the CPU. It
can't know which entries of a tensor are 0 and takes none for it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch.fx.experimental import _config

from entrepot.agents.mlp import AgentMlp, CentralMlp, MlpSettings
from entrepot.agents.module_agent import ModuleAgent
from entrepot.agents.neural import NeuralPolicy
from entrepot.agents.policy import Policy
from entrepot.agents.rules import BaseStock, MinMax
from entrepot.envs.decisions import Decisions
from entrepot.envs.kpi import KpiTotals
from entrepot.envs.observe.reading import EVERYTHING
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.observe.vector import Observation
from entrepot.envs.opening import stocked_state
from entrepot.envs.order_up_to import demand_rate
from entrepot.envs.reward import Reward
from entrepot.envs.simulation import Simulation
from entrepot.envs.twin import Scenario, State, TwinParameters, step
from entrepot.envs.world import World
from entrepot.training.rllib.module import WarehouseModule
from entrepot.training.rllib.snapshot_vector import SnapshotLayout
from entrepot.training.rllib.worlds import describe_world
from tests.worlds.runs import tiny_experiment
from tests.worlds.tiny import shown, tiny_scenario, tiny_world

DEVICES = ["meta", *(["cuda"] if torch.cuda.is_available() else [])]
EPISODES = 3


class Elsewhere:
    """A network on another device."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.world: World = tiny_world("kreen", skus=3)
        self.parameters: TwinParameters = self.world.parameters.to(device)
        self.attributes: NetworkAttributes = self.world.attributes.to(device)
        self.scenario: Scenario = tiny_scenario(self.world, episodes=EPISODES).to(device)

    def state(self) -> State:
        return stocked_state(self.parameters, self.attributes, episodes=EPISODES)

    def snapshot(self) -> Snapshot:
        if self.device != "meta":
            simulation = Simulation.of(self.parameters, self.attributes)
            return simulation.observe(simulation.begin(self.state()), self.scenario.at(0), EVERYTHING)
        # Where goods are due is read off tables whose sizes hang on values: it is moved instead of made.
        world, today = self.world, tiny_scenario(self.world, episodes=EPISODES).at(0)
        opening = stocked_state(world.parameters, world.attributes, episodes=EPISODES)
        return shown(world, opening, today).to(self.device)

    def policies(self) -> dict[str, Policy]:
        network, attributes = self.world.network, self.attributes
        mlp = MlpSettings((8,))
        return {
            "min_max": MinMax(attributes),
            "base_stock": BaseStock.midway(attributes, attributes.base_cover_days),
            "neural": ModuleAgent(NeuralPolicy().to(self.device), attributes),
            "mlp": ModuleAgent(AgentMlp(network, attributes, mlp).to(self.device), attributes),
            "separate mlp": ModuleAgent(AgentMlp(network, attributes, mlp, shared=False).to(self.device), attributes),
            "central mlp": ModuleAgent(CentralMlp(network, attributes, mlp).to(self.device), attributes),
        }


@pytest.fixture(params=DEVICES)
def elsewhere(request: pytest.FixtureRequest) -> Iterator[Elsewhere]:
    with _config.patch(meta_nonzero_assume_all_nonzero=True):  # type: ignore[attr-defined]
        yield Elsewhere(request.param)


@pytest.mark.parametrize("whole_units", [True, False])
def test_a_day_of_the_twin_is_lived_through_there(elsewhere: Elsewhere, whole_units: bool) -> None:
    decisions = Decisions(torch.ones(EPISODES, elsewhere.parameters.lanes, 3, device=elsewhere.device))
    day = elsewhere.scenario.at(0)
    state, flows, costs = step(elsewhere.parameters, elsewhere.state(), decisions, day, whole_units=whole_units)
    totals = KpiTotals.start(elsewhere.parameters, EPISODES).add(elsewhere.parameters, state, flows, costs)
    tensors = [state.on_hand, state.pipeline, flows.shipped, costs.total, totals.by_episode()["cost_usd_per_day"]]
    assert {tensor.device.type for tensor in tensors} == {elsewhere.device}


def test_every_policy_decides_there(elsewhere: Elsewhere) -> None:
    snapshot = elsewhere.snapshot()
    for name, policy in elsewhere.policies().items():
        policy.begin(EPISODES)
        orders = policy.decide(snapshot).orders
        assert (orders.device.type, orders.shape) == (elsewhere.device, (EPISODES, elsewhere.parameters.lanes, 3)), name


def test_gradients_come_back_from_there(elsewhere: Elsewhere) -> None:
    module = NeuralPolicy().to(elsewhere.device)
    learns = torch.ones(elsewhere.parameters.lanes, device=elsewhere.device)
    decisions = module.decide(elsewhere.snapshot(), elsewhere.attributes, 0.5, learns).decisions
    _, _, costs = step(elsewhere.parameters, elsewhere.state(), decisions, elsewhere.scenario.at(0), whole_units=False)
    costs.total.sum().backward()  # type: ignore[no-untyped-call]
    gradients = [parameter.grad for parameter in module.parameters() if parameter.grad is not None]
    assert gradients
    assert {gradient.device.type for gradient in gradients} == {elsewhere.device}


def test_observations_and_rewards_are_made_there(elsewhere: Elsewhere) -> None:
    network, attributes, snapshot = elsewhere.world.network, elsewhere.attributes, elsewhere.snapshot()
    observation = Observation(network, attributes)
    features = observation.features(snapshot, demand_rate(attributes, snapshot))
    reward = Reward.of_network(network, elsewhere.world.attributes, 0.5)
    cost = torch.ones(EPISODES, len(network.agents), device=elsewhere.device)
    for made in (observation.whole(features), observation.by_agent(features), reward.of(cost)):
        assert made.device.type == elsewhere.device


@pytest.mark.parametrize(
    "choice", [("ippo", "neural", "own"), ("mappo", "mlp", "state"), ("mappo", "neural", "observations")]
)
def test_rllibs_module_runs_there(
    elsewhere: Elsewhere, choice: tuple[str, str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    kind, actor, critic = choice
    world = elsewhere.world
    experiment = tiny_experiment(tmp_path_factory.mktemp("run"), "network=kreen", "skus=3")
    content = {
        "world": describe_world(experiment, world.attributes.base_cover_days),
        "trainer": {"kind": kind, "actor": actor, "critic": critic},
        "policy": experiment.policy.model_dump(),
    }
    module = WarehouseModule(model_config=content, inference_only=False).to(elsewhere.device)
    agents, observation = len(world.network.agents), Observation(world.network, world.attributes)
    most = int(module.carried.shape[1])

    def seen(*shape: int) -> torch.Tensor:
        return torch.ones(agents, *shape, device=elsewhere.device)

    batch = {
        "agent": torch.arange(agents, device=elsewhere.device),
        "moment": torch.arange(agents, device=elsewhere.device),
        "departs": seen(most),
        "own": seen(observation.width),
        "state": seen(observation.size),
        "snapshot": seen(SnapshotLayout.of(world).size),
    }
    answer = module.forward_train({"obs": batch})["action_dist_inputs"]
    values = module.compute_values({"obs": batch})
    assert (answer.device.type, values.device.type) == (elsewhere.device, elsewhere.device)
