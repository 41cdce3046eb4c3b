import pytest

from entrepot.configs.loader import ConfigurationError, configuration_folder, read_yaml, validate
from entrepot.training.rllib.actors import actor_named
from entrepot.training.rllib.critics import critic_named
from entrepot.training.rllib.settings import PpoSettings


@pytest.mark.parametrize(("kind", "critic"), [("ippo", "own"), ("mappo", "state")])
def test_the_yaml_says_what_the_settings_default_to(kind: str, critic: str) -> None:
    content = read_yaml(configuration_folder() / "trainer" / f"{kind}.yaml")
    assert validate(PpoSettings, content, kind) == PpoSettings.model_validate({"kind": kind, "critic": critic})
    assert set(content) == set(PpoSettings.model_fields)


def test_independent_learners_have_no_central_critic_and_the_other_way_round() -> None:
    with pytest.raises(ConfigurationError, match=r"critic: 'state'; allowed for ippo: own"):
        validate(PpoSettings, {"kind": "ippo", "critic": "state"}, "trainer")
    with pytest.raises(ConfigurationError, match=r"critic: 'own'; allowed for mappo: state, observations"):
        validate(PpoSettings, {"kind": "mappo"}, "trainer")


def test_the_neural_policy_has_one_set_of_weights() -> None:
    with pytest.raises(ConfigurationError, match="sharing: 'separate'"):
        validate(PpoSettings, {"kind": "ippo", "sharing": "separate"}, "trainer")


def test_unknown_actors_and_critics_are_told_what_is_allowed() -> None:
    with pytest.raises(ConfigurationError, match=r"trainer.actor: 'oracle'; allowed: mlp, neural"):
        actor_named("oracle")
    with pytest.raises(ConfigurationError, match=r"trainer.critic: 'oracle'; allowed: observations, own, state"):
        critic_named("oracle")


def test_credit_by_sku_is_refused_where_cells_cant_be_told_apart() -> None:
    cells = {"kind": "mappo", "critic": "state", "credit": "sku", "explore": "actions"}
    assert validate(PpoSettings, {**cells, "environments_per_scenario": 8}, "trainer").credit == "sku"
    with pytest.raises(ConfigurationError, match=r"actor: 'mlp'; allowed with credit: sku: 'neural'"):
        validate(PpoSettings, {**cells, "actor": "mlp"}, "trainer")
    with pytest.raises(ConfigurationError, match=r"environments: 32; .* a multiple of environments_per_scenario \(5\)"):
        validate(PpoSettings, {**cells, "environments_per_scenario": 5}, "trainer")
    with pytest.raises(ConfigurationError, match=r"environments_per_scenario: 2; allowed with credit: agent: 1"):
        validate(PpoSettings, {"kind": "mappo", "critic": "state", "environments_per_scenario": 2}, "trainer")


def test_weights_are_tried_where_skus_are_judged_and_nothing_else_was_asked_for() -> None:
    content = {"kind": "mappo", "critic": "state"}
    assert not validate(PpoSettings, content, "trainer").tries_weights
    assert validate(PpoSettings, {**content, "credit": "sku"}, "trainer").tries_weights
    assert not validate(PpoSettings, {**content, "credit": "sku", "explore": "actions"}, "trainer").tries_weights


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"credit": "agent"}, "explore: 'weights'; allowed with credit: agent: actions, or null"),
        ({"environments": 5}, "environments: 5; allowed with explore: weights: even numbers"),
        ({"team_share": 0.5}, "team_share: 0.5; allowed with explore: weights: 1.0"),
        ({"environments_per_scenario": 4}, "environments_per_scenario: 4; allowed with explore: weights: 1 or 2"),
    ],
)
def test_what_does_not_fit_weights_that_are_tried_is_told(changes: dict[str, object], told: str) -> None:
    content = {"kind": "mappo", "critic": "state", "credit": "sku", "explore": "weights", **changes}
    with pytest.raises(ConfigurationError, match=told):
        validate(PpoSettings, content, "trainer")
