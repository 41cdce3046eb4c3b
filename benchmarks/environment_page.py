"""Write the tables of docs/environment.md from the code: `python benchmarks/environment_page.py`."""

from __future__ import annotations

import re
from pathlib import Path

import typer

from entrepot.configs.files import write_atomically
from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.observe.columns import action_table, observation_table
from entrepot.envs.world import build_world

PAGE = Path(__file__).parents[1] / "docs" / "environment.md"
NETWORK, AGENT, SKUS = "two_warehouses", "shop", 2


def main() -> None:
    """Write the page."""
    write_atomically(PAGE, text_of(PAGE.read_text(encoding="utf-8")))


def text_of(page: str) -> str:
    """The page with its tables as the code has them; they stand between `<!-- name -->` and `<!-- end -->`."""
    batched = BatchedWarehouseNetwork(build_world(NETWORK, skus=SKUS))
    agent = batched.agents.index(AGENT)
    tables = {
        "observation": observation_table(batched.observation, agent),
        "action": action_table(batched.network, agent),
    }
    for name, table in tables.items():
        place = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        page, found = re.subn(place, rf"\g<1>{table}\n\g<2>", page, flags=re.DOTALL)
        if found != 1:
            raise SystemExit(f"{PAGE}: '<!-- {name} -->' … '<!-- end -->' stands there {found} times; needed: once")
    return page


if __name__ == "__main__":
    typer.run(main)
