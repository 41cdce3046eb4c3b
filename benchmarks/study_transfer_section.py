"""The trained module elsewhere: a section of the results page."""

from __future__ import annotations

from pathlib import Path

from study_figures import TARGETS, draw_transfer, ratio_of
from study_saved import Saved
from study_wording import measurement_told, missing, percent_interval, table, world_told


def transfer(saved: Saved, images: Path) -> str:
    """The trained module elsewhere."""
    title, found = "## On its own network, and on networks and demand it never saw", saved.group("transfer")
    targets = {name: found[name] for name in TARGETS if name in found}
    if not targets:
        return missing(title, "transfer")
    draw_transfer(targets, images / "results-transfer.png")
    head = [
        "where",
        "size",
        "covers",
        "against min_max",
        "against base_stock tuned there",
        "against the untrained policy",
    ]
    rows = []
    for name, content in targets.items():
        size = f"{content['warehouses']} warehouses, {content['lanes']} lanes, {content['provenance']['skus']} SKUs"
        for covers, suffix in (("textbook", "_textbook"), ("tuned there", "")):
            ratios = [
                percent_interval(*ratio_of(content, f"trained{suffix}", baseline))
                for baseline in ("min_max", "base_stock", f"untrained{suffix}")
            ]
            rows.append([f"{TARGETS[name]} ({content['provenance']['network']})", size, covers, *ratios])
    episodes = " or ".join(dict.fromkeys(str(content["provenance"]["episodes"]) for content in targets.values()))
    absent = [TARGETS[name] for name in TARGETS if name not in targets]
    note = f"\nNot measured: {', '.join(absent)}.\n" if absent else ""
    worlds = "\n".join(f"- {TARGETS[name]}: {world_told(content)}" for name, content in targets.items())
    tuned = "\n".join(f"- {TARGETS[name]}: {content['tuning']}" for name, content in targets.items())
    measured = "\n\n".join(dict.fromkeys(f"*{measurement_told(content)}.*" for content in targets.values()))
    return f"""{title}

The module of the best run of *Learning*, not a weight changed. The policy multiplies covers, one a lane and SKU, that it
is given as attributes of the network; on another network it can be given two kinds:

- **textbook** covers, which follow from lead times and intervals alone: nothing was learnt or tuned there (zero-shot);
- covers of the base stock **tuned there**, as `entrepot evaluate` gives it: the weights are from elsewhere, the covers
  are not.

`base_stock` is always the one tuned on that very network and demand. The untrained policy has the same covers as the
trained one beside it.

![Cost on other networks and demand](images/results-transfer.png)

{table(head, rows)}

Cost, {episodes} test episodes each, 95 % intervals over episodes.
{note}
Networks and demand:

{worlds}

What was spent on tuning:

{tuned}

{measured}
"""
