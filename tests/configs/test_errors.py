import errno
import importlib
import inspect

import pytest

import entrepot
from entrepot.configs.errors import ConfigurationError, EntrepotError, told_of_files

MODULES = (
    "entrepot.configs.errors",
    "entrepot.agents.inference.errors",
    "entrepot.agents.planners.solve",
    "entrepot.training.trainers.job",
)


def test_the_root_is_there_for_all_who_catch_it() -> None:
    assert entrepot.EntrepotError is EntrepotError


@pytest.mark.parametrize("module", MODULES)
def test_every_error_that_a_person_can_mend_stands_under_the_root(module: str) -> None:
    errors = [
        kind
        for _, kind in inspect.getmembers(importlib.import_module(module), inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == module
    ]
    assert errors
    assert all(issubclass(kind, EntrepotError) for kind in errors)


def test_a_refused_value_is_a_value_error_too() -> None:
    assert issubclass(ConfigurationError, ValueError)


def test_trouble_with_the_disk_is_told_with_the_file_and_a_bug_is_not() -> None:
    assert told_of_files(OSError(errno.ENOSPC, "No space left on device", "runs/a")) == (
        "runs/a: No space left on device"
    )
    assert told_of_files(OSError(errno.EBADF, "Bad file descriptor")) is None
