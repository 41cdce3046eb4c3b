import pytest

from entrepot.configs.loader import ConfigurationError
from entrepot.configs.registry import Registry


def test_an_entry_is_found_under_each_name_it_registered() -> None:
    registry = Registry[type]()

    @registry.register("one", "uno")
    class One:
        pass

    assert registry.named("one", "count") is registry.named("uno", "count") is One
    assert registry.names() == ["one", "uno"]


def test_what_ships_is_listed_at_once_and_imported_when_asked_for() -> None:
    registry = Registry[object]({"spare": "tests.configs.no_such_module"})
    assert registry.names() == ["spare"]
    assert registry.find("other") is None
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        registry.find("spare")


def test_an_unknown_name_is_refused_with_its_key_and_what_is_allowed() -> None:
    registry = Registry[int]()
    registry.add(1, "b", "a")
    with pytest.raises(ConfigurationError, match=r"trainer\.kind: 'c'; allowed: a, b"):
        registry.named("c", "trainer.kind")
