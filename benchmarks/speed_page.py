"""Write docs/speed.md from the figures that the benchmarks of speed saved: `python benchmarks/speed_page.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from entrepot.configs.files import write_atomically

DOCS = Path(__file__).parents[1] / "docs"
LIBRARIES = ("torch", "ray", "stable-baselines3", "supersuit", "gym-invmgmt", "stockpyl", "idinn")
TEXT = """# Speed

What the benchmarks of speed measured, kept in [`docs/speed/`](speed). On kreen; a step is a day. The figures of the twin
and its environments are of commit c1dec8d, and since then the twin does more; those of other trainers are of commit ed5e0a4.
Those of decisions and of peers are of 2026-11-29, on a virtual machine whose speed changes by half from minute to minute, and
was about half as fast as the one that the twin's are of.

## The twin and its environments

Every row in a process of its own, that of a day with textbook orders. An agent-step is one warehouse's day, a cell-step
one lane's and SKU's. `twin` is `step` alone, `batched` adds snapshot, observations and the turning of covers into orders,
`pettingzoo` is one network through the API, with all of that and its dictionaries. Rows that would not fit in memory are
left out.

{twin}

{twin_provenance}

## A decision in production

`module.decide` with all its checks, for the released module, on one thread; import of `entrepot.agents.inference`, and
the process's memory after its decisions.

{inference}

{inference_provenance}

## Other trainers' sampling and learning

The same network and the same settings of PPO, end to end: sampling and learning. `rllib_stock` is RLlib's own multi-agent
runner on the PettingZoo environment, `rllib_batched` our runner with RLlib's learner; `sb3_supersuit` is Stable-Baselines3
on the PettingZoo environment through SuperSuit, `sb3_batched` on our `VecEnv`.

{rllib}

{rllib_provenance}

## Peers

Packages of this field that PyPI carries, at the same size, each in one process and on one thread, in turns; CPU time of one
environment's day, and how many days of ours go into the time of the first peer's ({peers_rounds} rounds, 95 % interval).
Each does what it is made for, so that a day is not the same day: theirs has one article without prices by weight, docks,
returns, or observations by agent. gym-invmgmt's three stages have lead times of 4, 4 and 0 days, ours of 4, 2 and 1; stockpyl
also works out its orders. idinn's gradient step is through 50 days by a network of its own for one store's two orders, ours
through 40 days by the policy for any network, with the days before them that warm it up. One small environment at a time is
the slowest way to use this twin: what it is made for is many at once.

{peers}

{peers_provenance}

**Tried, without gain**: `torch.compile` of what the policy decides, exported as one graph so that Python's caches don't split
it. Losses are the same to the bit on two sources, where a gradient step (256 environments, 40 days) takes 0.32 to 0.35 s of
CPU instead of 0.38 to 0.48, after 20 s of compiling with a warm cache and 110 s without. On kreen (32 scenarios, 16 SKUs) a
step takes 8.4 s instead of 5.0: a compiled graph has all lanes, where otherwise only those that depart today are worked out.
Two runs of each, by hand (2026-11-29, PyTorch 2.13.0); nothing is compiled.

## On a GPU

The same network's twin and batched environment, and a gradient step of the pathwise trainer over a window of days (its
warm-up and the drawing of scenarios left out); `mappo` is sampling and learning with credit for each SKU, where it was
measured. `eager` is how training runs today; `CUDA graph` replays days, or a whole
window with its gradient, that were captured once. `bfloat16 nets` are the policy's linear layers alone: units are counted
up to thousands, which bfloat16 can't. Newer than the figures above: of the benchmark's first run.

{gpu}

Not measured: {gpu_left_out}

Results beside the CPU's in float64, as the largest difference over the largest value, and the CPU's own in float32. In whole
units a last bit can decide about a unit, so that costs of single days may differ by what it costs.

{gpu_parity}

{gpu_provenance}

```sh
python benchmarks/twin.py --json docs/speed/twin.json
python benchmarks/inference.py checkpoints/released/kreen-pathwise/0007 --json docs/speed/inference.json
python benchmarks/rllib.py --json docs/speed/rllib.json
python benchmarks/peers.py --python PEERS/bin/python --json docs/speed/peers.json    # its head says how PEERS is made
python benchmarks/gpu.py --json docs/speed/gpu.json        # on a machine with a GPU; on a CPU with small sizes
python benchmarks/speed_page.py                            # writes this page
```
"""
COLUMNS = {
    "twin": {
        "api": "layer",
        "environments": "environments",
        "skus": "SKUs",
        "env_steps_per_s": "env-steps/s",
        "agent_steps_per_s": "agent-steps/s",
        "cell_steps_per_s": "cell-steps/s",
        "peak_mib": "peak, MiB",
    },
    "inference": {
        "skus": "SKUs",
        "p50_ms": "median, ms",
        "p99_ms": "99th percentile, ms",
        "cpu_p50_ms": "median of CPU time, ms",
        "cpu_p99_ms": "its 99th percentile, ms",
        "import_s": "import, s",
        "rss_mib": "memory, MiB",
    },
    "peers": {
        "size": "size",
        "what": "what",
        "environments": "environments",
        "us_per_environment_day": "an environment's day, µs",
        "share": "days in the first peer's time, ×",
        "share_low": "from",
        "share_high": "to",
    },
    "rllib": {"trainer": "trainer", "agent_steps_per_s": "agent-steps/s", "ratio": "against its plain counterpart, ×"},
}
"""Of each benchmark's rows, what is shown and under which head."""
GPU = {
    "part": "part",
    "precision": "precision",
    "how": "how",
    "environments": "environments",
    "skus": "SKUs",
    "ms_per_day": "ms a day",
    "env_steps_per_s": "env-steps/s",
    "agent_steps_per_s": "agent-steps/s",
    "peak_mib": "peak, MiB",
}
PARITY = {
    "quantity": "quantity",
    "largest_relative_difference": "largest relative difference",
    "of_the_same_on_the_cpu": "CPU in float32",
}
NOT_MEASURED = "not measured"
OUT_OF_TIME = "of the time budget were left"


def main(
    figures: Annotated[Path, typer.Option(help="The folder of what the benchmarks wrote.")] = DOCS / "speed",
    page: Annotated[Path, typer.Option(help="The page to write.")] = DOCS / "speed.md",
) -> None:
    """Write the page."""
    found = {name: json.loads((figures / f"{name}.json").read_text(encoding="utf-8")) for name in COLUMNS}
    if (figures / "gpu.json").exists():  # not everybody has one
        found["gpu"] = json.loads((figures / "gpu.json").read_text(encoding="utf-8"))
    write_atomically(page, text_of(found))


def text_of(found: dict[str, dict[str, Any]]) -> str:
    """The page's text.

    Args:
        found: of each of `COLUMNS`, `rows` and `provenance` as its benchmark writes them; and of `gpu`, if it is there.
    """
    parts = {name: table(found[name]["rows"], columns) for name, columns in COLUMNS.items()}
    told = {f"{name}_provenance": provenance(found[name]["provenance"]) for name in COLUMNS}
    rounds = shown(found["peers"]["provenance"]["rounds"])
    return TEXT.format(**parts, **told, peers_rounds=rounds, **gpu_parts(found.get("gpu")))


def gpu_parts(found: dict[str, Any] | None) -> dict[str, str]:
    """The section on a GPU; "not measured" where nothing was."""
    if found is None:
        return dict.fromkeys(("gpu", "gpu_left_out", "gpu_parity", "gpu_provenance"), f"*{NOT_MEASURED}*")
    known = found["provenance"]
    reasons: dict[str, list[str]] = {}
    for each in found["left_out"]:
        late = each["why"].endswith(OUT_OF_TIME)
        reasons.setdefault("the time given to the run was over" if late else each["why"], []).append(each["what"])
    device = f"{known['devices']} × {known['device']}; CUDA {known['cuda']}; {known['window_days']} days a window; "
    return {
        "gpu": table(found["rows"], GPU),
        "gpu_left_out": "; ".join(f"{', '.join(whats)} ({why})" for why, whats in reasons.items()) + ".",
        "gpu_parity": table(found["parity"], PARITY) if found["parity"] else f"*{NOT_MEASURED}*",
        "gpu_provenance": f"*{device}{provenance(known)[1:]}",
    }


def table(rows: list[dict[str, Any]], columns: dict[str, str]) -> str:
    """Markdown."""
    lines = [list(columns.values()), ["---"] * len(columns), *([shown(row[name]) for name in columns] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def shown(value: Any) -> str:
    """A figure as a person reads it."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return (
            f"{value:,.0f}"
            if abs(value) >= 100
            else f"{value:,.2f}"
            if abs(value) >= 0.1 or not value
            else f"{value:.1e}"
        )
    return f"{value:,}" if isinstance(value, int) else f"`{value}`"


def provenance(known: dict[str, Any]) -> str:
    """On what, with what."""
    parts = [
        f"{known['threads']} thread{'' if known['threads'] == 1 else 's'}",
        f"{known['cpus']} × {known['cpu']}",
        f"Python {known['python']}",
        *(f"{name} {known[name]}" for name in LIBRARIES if name in known),
    ]
    return f"*{'; '.join(parts)}.*"


if __name__ == "__main__":
    typer.run(main)
