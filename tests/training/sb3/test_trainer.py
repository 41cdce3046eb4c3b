"""Real Stable-Baselines3 on a small network: it finishes, resumes, and what it leaves decides as it did."""

import itertools
from pathlib import Path

import pytest
import torch

from entrepot.configs.files import write_atomically
from entrepot.configs.loader import ConfigurationError
from entrepot.training.events import Event, nobody
from entrepot.training.experiment import ExperimentSettings, compose_experiment
from entrepot.training.sb3.deployed import module_of, start_from_base_stock, state_of
from entrepot.training.sb3.settings import Sb3SacSettings, Sb3Settings
from entrepot.training.sb3.trainer import begun, make_algorithm, make_environment
from entrepot.training.trainers.checkpoints import Checkpoints, checkpoint_place
from entrepot.training.trainers.job import Job
from entrepot.training.trainers.runs import load_run
from tests.worlds.runs import assert_that_it_resumes_where_it_was_interrupted, tiny_overrides, train, world_of
from tests.worlds.tiny import first_snapshot

PPO, SAC = ("minibatch=10", "epochs=1"), ("learning_starts=10", "batch_size=8", "gradient_steps=2")
KINDS = ["sb3_ppo", "sb3_sac"]
VIEWS = ["central", "agents"]


def experiment_of(folder: Path, kind: str, *more: str) -> ExperimentSettings:
    small = [
        "environments=2",
        "rollout_days=5",
        "episode_days=8",
        "warm_up_days=2",
        "hidden=[16]",
        *{"sb3_ppo": PPO, "sb3_sac": SAC}[kind],
    ]
    overrides = [*tiny_overrides(folder), "skus=2", f"trainer={kind}", *(f"trainer.{change}" for change in small)]
    return compose_experiment([*overrides, *more])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("view", VIEWS)
def test_every_iteration_is_done_and_a_policy_is_left(tmp_path: Path, kind: str, view: str) -> None:
    experiment = experiment_of(tmp_path, kind, f"trainer.view={view}")
    outcome, seen = train(experiment)
    assert seen == [1, 2, 3, 4]
    assert outcome.iterations == 4
    assert outcome.seconds_to_beat_base_stock is not None
    write_atomically(experiment.run_folder / "experiment.json", experiment.model_dump_json())
    world = world_of(experiment)
    assert load_run(experiment.run_folder).agent(world).decide(first_snapshot(world)).orders.isfinite().all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("view", VIEWS)
def test_the_deployed_policy_orders_what_the_trained_one_predicts(tmp_path: Path, kind: str, view: str) -> None:
    experiment = experiment_of(tmp_path, kind, f"trainer.view={view}")
    world, settings = world_of(experiment), Sb3Settings.of(experiment.trainer)
    env = make_environment(world, settings, seed=1)
    model = make_algorithm(env, settings, seed=1, device="cpu")
    deployed = module_of(experiment, world)
    deployed.load_state_dict(state_of(model.policy))
    rows = env.reset()
    for _ in range(6):
        with torch.no_grad():
            expected = deployed(env.batched.snapshot, world.attributes).orders
        actions, _ = model.predict(rows, deterministic=True)
        rows, _, _, _ = env.step(actions)
        assert env.batched.transition is not None
        torch.testing.assert_close(env.batched.transition.decisions.orders, expected, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("kind", KINDS)
def test_an_untrained_central_planner_is_the_base_stock(tmp_path: Path, kind: str) -> None:
    experiment = experiment_of(tmp_path, kind)
    world, settings = world_of(experiment), Sb3Settings.of(experiment.trainer)
    env = make_environment(world, settings, seed=1)
    model = make_algorithm(env, settings, seed=1, device="cpu")
    base = world.attributes.base_cover_days
    start_from_base_stock(model.policy, base, 120.0, squash=isinstance(settings, Sb3SacSettings))
    actions, _ = model.predict(env.reset(), deterministic=True)
    cover = (torch.as_tensor(actions).view(2, *base.shape) + 1) * 60
    torch.testing.assert_close(cover, base.expand_as(cover), rtol=0.1, atol=1.5)


def test_an_interrupted_run_resumes_from_its_last_checkpoint(tmp_path: Path) -> None:
    assert_that_it_resumes_where_it_was_interrupted(experiment_of(tmp_path, "sb3_ppo"))


def test_the_same_seed_trains_the_same_policy_bit_for_bit(tmp_path: Path) -> None:
    states = []
    for name in ("one", "two"):
        outcome, _ = train(experiment_of(tmp_path / name, "sb3_ppo"))
        states.append(torch.load(outcome.policy_file, weights_only=True)["module"])
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def test_a_resumed_run_lives_through_scenarios_of_its_own_seed_that_are_not_the_first_ones(
    tmp_path: Path,
) -> None:
    demands = []
    for seed in (1, 2):
        experiment = experiment_of(tmp_path / str(seed), "sb3_ppo", f"seed={seed}", "trainer.iterations=1")
        train(experiment)
        world, settings = world_of(experiment), Sb3Settings.of(experiment.trainer)
        for resume in (False, True):
            env = make_environment(world, settings)
            job = Job(experiment, world.attributes.base_cover_days, 1e9, resume, nobody)
            _, progress = begun(job, env, settings, Checkpoints(checkpoint_place(experiment)))
            assert progress.iteration == resume
            env.reset()
            demands.append(env.batched.scenario.demand)
    assert not any(torch.equal(one, other) for one, other in itertools.combinations(demands, 2))


@pytest.mark.parametrize("override", ["compute.storage=s3://bucket/runs", "compute.address=ray://head:10001"])
def test_what_only_trainers_on_ray_have_is_refused_before_anything_is_trained(tmp_path: Path, override: str) -> None:
    key, value = override.split("=")
    experiment = experiment_of(tmp_path, "sb3_ppo", override)
    with pytest.raises(ConfigurationError, match=f"{key}: '{value}'; allowed with trainer.kind sb3_ppo: null"):
        experiment.trainer.refuse(experiment.compute)


@pytest.mark.slow
def test_at_the_shipped_rate_the_planner_of_kreen_stays_what_it_was_worth(tmp_path: Path) -> None:
    small = ["run=kreen", "validation.every=3", "validation.episodes=4", "validation.days=60"]
    fixed = ["trainer=sb3_ppo", "trainer.iterations=3", "compute.threads=1", "validation.untrained=true"]
    costs: list[float] = []

    def listen(event: Event) -> None:
        if event.figures is not None and event.figures.validation_cost_usd_per_day is not None:
            costs.append(event.figures.validation_cost_usd_per_day)

    train(compose_experiment(["network=kreen", f"folder={tmp_path}", *small, *fixed]), report=listen)
    untrained, trained = costs
    assert trained == pytest.approx(untrained, rel=0.02)
