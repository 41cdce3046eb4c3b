import subprocess
import sys

import pytest

from entrepot import __version__
from entrepot.agents.planners.solve import PlanningError
from entrepot.command_line import COMMANDS
from entrepot.command_line.called import told
from entrepot.training.trainers.job import TrainingError
from tests.command_line.conftest import Entrepot

HEAVY = ("torch", "ray", "gymnasium", "pettingzoo", "pandas", "matplotlib", "scipy", "numpy", "pydantic")


def loaded_by(code: str) -> set[str]:
    """Which of the heavy packages a new process has loaded after some code."""
    report = f"import sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"{code}\n{report}"], capture_output=True, check=True, timeout=120
    )
    return set(done.stdout.decode().splitlines()[-1].split())


def test_the_command_line_is_imported_without_what_its_commands_need() -> None:
    assert loaded_by("import entrepot.command_line") == set()


def test_looking_at_networks_takes_the_core_install_alone() -> None:
    assert loaded_by("import entrepot.command_line.network") <= {"numpy", "pydantic"}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_has_the_first_line_of_each_ones_help(name: str, entrepot: Entrepot) -> None:
    assert COMMANDS[name] in " ".join(entrepot(name, "--help").stdout.split())


def test_every_command_is_listed(entrepot: Entrepot) -> None:
    listed = entrepot("--help").stdout
    assert all(f" {name} " in listed for name in COMMANDS)


def test_the_version_is_printed(entrepot: Entrepot) -> None:
    assert entrepot("--version").stdout.strip() == __version__


@pytest.mark.parametrize(
    "error", [TrainingError("no runner answered. Go on with --resume."), PlanningError("no optimum found by HiGHS")]
)
def test_work_that_could_not_be_finished_ends_with_what_went_wrong(
    error: Exception, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert told(error) == 1
    assert capsys.readouterr().err.strip() == str(error)


def test_a_command_that_lacks_a_package_says_what_to_install() -> None:
    code = "import sys; sys.modules['torch'] = None; from entrepot.command_line import app; app(['evaluate', 'kreen'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert done.stderr.strip() == "this needs the package 'torch', which is missing: pip install \"entrepot[train]\""
