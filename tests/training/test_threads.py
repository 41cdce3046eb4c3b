import os

import torch

from entrepot.training.experiment import compose_experiment
from entrepot.training.threads import computing_on, threads_each, told_of_threads


def test_a_process_takes_one_thread_unless_more_are_asked_for() -> None:
    assert compose_experiment().compute.threads == 1
    assert threads_each(3, processes=2) == 3


def test_zero_shares_the_cores_out_and_leaves_each_process_one() -> None:
    cores = os.cpu_count() or 1
    assert threads_each(0) == cores
    assert threads_each(0, processes=10 * cores) == 1
    assert "shared out" in told_of_threads(0, "--threads")


def test_threads_are_set_for_a_while_only() -> None:
    before = torch.get_num_threads()
    with computing_on(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
