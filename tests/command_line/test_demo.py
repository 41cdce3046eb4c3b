from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from entrepot.command_line.demo.receiver import Receiver
from entrepot.command_line.demo.recording import SHIPPED, RecordedDays, read_recording
from entrepot.scheduler.outbox.webhook import Webhook
from tests.command_line.conftest import Entrepot
from tests.command_line.test_called import loaded_by

SHELVES = re.compile(r"at the end ([\d,]+) units are on the shelves, and ([\d,]+) in the mirror")


def test_recorded_days_are_decided_in_shadow_and_the_mirror_ends_with_the_stock_of_the_recording(
    entrepot: Entrepot, tmp_path: Path
) -> None:
    out = entrepot("demo", "--recorded", "--days", "4", "--day-seconds", "1", "--data", str(tmp_path)).stdout
    assert "4 days" in out
    assert "plans by the policy" in out
    states = set(re.findall(r"\d+ ([a-z]+)", out.partition("releases:")[2].partition("\n")[0]))
    assert states
    assert states <= {"shadow", "nothing", "missed"}  # missed where the machine was too slow for its clock
    there, known = SHELVES.search(out).groups()  # type: ignore[union-attr]
    assert there == known
    assert "quarantined" not in out
    logged = [json.loads(line) for line in (tmp_path / "server.log").read_text().splitlines()]
    assert not [one for one in logged if one["level"] == "error"]


def test_the_demonstration_of_recorded_days_loads_no_torch() -> None:
    assert "torch" not in loaded_by("import entrepot.command_line.demo.world, entrepot.command_line.demo")


def test_sixty_days_ship_and_no_step_comes_before_the_one_before_it() -> None:
    kept = read_recording(Path(str(files("entrepot.command_line.demo").joinpath(SHIPPED))))
    due = [step.due for step in RecordedDays(kept, 60).steps()]
    assert due == sorted(due)
    assert len(due) == 120
    assert (due[-1] - kept.start).days == 59


def test_what_was_recorded_can_not_be_disturbed_and_there_are_no_other_disturbances(entrepot: Entrepot) -> None:
    assert "leave --recorded out" in entrepot("demo", "--recorded", "--disturb", "surge").stderr
    assert "allowed: close-lane, surge" in entrepot("demo", "--disturb", "flood").stderr


def test_an_order_is_taken_once_and_one_with_another_signature_never() -> None:
    receiver = Receiver(b"s" * 16)
    try:
        body = b'{"idempotency_key": "a/b/c", "lane": "b", "lines": [{"sku": "lamp", "units": 3}]}'
        webhook = Webhook(receiver.url, b"s" * 16)
        assert [webhook.post("a/b/c", body, 1), webhook.post("a/b/c", body, 2)] == [None, None]
        assert Webhook(receiver.url, b"x" * 16).post("d", body, 1) == "answered with 403"
        assert [one["lane"] for one in receiver.collect()] == ["b"]
        assert (receiver.repeated, receiver.refused) == (1, 1)
    finally:
        receiver.close()


@pytest.mark.slow
def test_the_twin_ships_what_the_scheduler_orders_and_all_disturbances_leave_the_mirror_right(
    entrepot: Entrepot,
) -> None:
    wanted = [f"--disturb={name}" for name in ("close-lane", "surge", "breakdown", "silence", "bad-cell")]
    out = entrepot("demo", "--days", "10", "--skus", "3", "--day-seconds", "2", *wanted).stdout
    shipped = [int(text.replace(",", "")) for text in re.findall(r"shipped ([\d,]+)", out)]
    assert len(shipped) == 10
    assert sum(shipped) > 0
    assert re.search(r"\d+ (sent|shipped|received|closed short)", out)
    there, known = SHELVES.search(out).groups()  # type: ignore[union-attr]
    assert there == known
