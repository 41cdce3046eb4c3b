import pytest
import torch

from entrepot.training.cells.advantages import against_the_same_scenario, generalised, shared


def test_with_lambda_of_one_advantages_are_what_came_less_what_was_expected() -> None:
    generator = torch.Generator().manual_seed(0)
    rewards, values = torch.randn(5, 3, generator=generator), torch.randn(6, 3, generator=generator)
    found = generalised(rewards, values, gamma=0.9, gae_lambda=1.0)
    discounts = 0.9 ** torch.arange(6)
    came = (discounts[:5, None] * rewards).sum(dim=0) + discounts[5] * values[5]
    torch.testing.assert_close(found[0], came - values[0])


def test_with_lambda_of_zero_advantages_are_a_days_surprise() -> None:
    rewards, values = torch.tensor([1.0, 2.0]), torch.tensor([0.5, 1.0, 4.0])
    found = generalised(rewards, values, gamma=0.5, gae_lambda=0.0)
    torch.testing.assert_close(found, torch.tensor([1.0, 3.0]))


def test_what_all_environments_of_a_scenario_share_is_no_advantage() -> None:
    noise = torch.randn(4, 2, 1, 3, 2, generator=torch.Generator().manual_seed(1))  # of a scenario
    same = noise.expand(-1, -1, 5, -1, -1).flatten(1, 2)
    torch.testing.assert_close(against_the_same_scenario(same, 5), torch.zeros_like(same))


def test_an_environment_is_compared_with_the_mean_of_the_others() -> None:
    advantages = torch.tensor([[[1.0], [2.0], [6.0], [10.0], [10.0], [10.0]]])
    found = against_the_same_scenario(advantages, 3)[0, :, 0]
    torch.testing.assert_close(found, torch.tensor([1 - 4.0, 2 - 3.5, 6 - 1.5, 0, 0, 0]))


@pytest.mark.parametrize(("team_share", "expected"), [(0.0, [2.0, 6.0]), (1.0, [4.0, 4.0]), (0.5, [3.0, 5.0])])
def test_agents_bear_as_much_of_each_others_skus_as_the_team_share_says(
    team_share: float, expected: list[float]
) -> None:
    own = torch.tensor([2.0, 6.0]).view(1, 1, 2, 1)
    torch.testing.assert_close(shared(own, team_share).flatten(), torch.tensor(expected))
