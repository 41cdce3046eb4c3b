"""What the head and the pooled context bring: a section of the results page."""

from __future__ import annotations

from pathlib import Path

from study_saved import Results, Saved
from study_wording import missing, percent, percent_interval, provenance, table

VARIANTS = {
    "default": "release, with pooled context (default)",
    "cover": "days of cover (`policy.head=cover`)",
    "units": "plain units (`policy.head=units`)",
    "no_pooling": "no pooled context (`policy.pool_context=false`)",
}


def ablations(saved: Saved, images: Path) -> str:
    """What the head and the pooled context bring."""
    title, content = "## Without its parts", saved.one("ablations")
    if content is None:
        return missing(title, "ablations")
    rows = [
        [
            VARIANTS[row["variant"]],
            *(
                percent_interval(row[key], row[f"{key}_low"], row[f"{key}_high"])
                for key in ("cost_ratio_to_base_stock", "cost_ratio_to_default", "lost_sales_ratio_to_base_stock")
            ),
            by_seed(content, row["variant"], "cost_ratio"),
            by_seed(content, row["variant"], "lost_sales_ratio"),
        ]
        for row in content["variants"]
    ]
    head = [
        "policy",
        "cost against base_stock (95 %)",
        "cost against the default (95 %)",
        "lost sales against base_stock (95 %)",
        "cost of each seed against base_stock",
        "lost sales of each seed",
    ]
    return f"""{title}

The same trainer, budget ({content["iterations"]} gradient steps) and {content["seeds"]} seeds;
{content["provenance"]["episodes"]} test episodes, mean of the seeds, 95 % intervals over episodes.

{table(head, rows)}

*Days of cover*: as the default, but nothing says what share of an origin's stock its lanes may take.

*Plain units*: the answer is the order itself, in units that scale with what the SKU sells between two departures; nothing
subtracts the stock position, so that the network must learn it from its features. It can't leave out a departure
either: what isn't ordered today is not wanted tomorrow.

{provenance(content)}
"""


def by_seed(content: Results, variant: str, figure: str) -> str:
    """A variant's figure over that of the base stock, run by run."""
    ratios = {pair["policy"]: pair[figure] for pair in content["paired"] if pair["baseline"] == "base_stock"}
    return ", ".join(percent(ratios[f"{variant}-seed{seed}"]) for seed in range(content["seeds"]))
