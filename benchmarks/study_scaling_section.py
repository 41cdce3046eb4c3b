"""Samples a second by number of processes: a section of the results page."""

from __future__ import annotations

from pathlib import Path

from study_saved import Saved
from study_wording import missing, provenance, table


def scaling(saved: Saved, images: Path) -> str:
    """Samples a second by number of processes."""
    title, found = "## Two processes", saved.group("scaling")
    if not found:
        return missing(title, "scaling")
    alone = {row["trainer"]: row for row in found.values() if row["processes"] == 1}
    rows = []
    for row in sorted(found.values(), key=lambda row: (row["trainer"], row["processes"], row["what"])):
        base = alone.get(row["trainer"])
        speed_up = row["environment_days_per_s"] / base["environment_days_per_s"] if base else float("nan")
        rows.append(
            [
                f"`{row['trainer']}`",
                row["what"],
                f"{row['environment_days_per_s']:,.0f}",
                f"{row['agent_steps_per_s']:,.0f}",
                f"{speed_up:.2f} ×",
                f"{100 * speed_up / row['processes']:.0f} %",
            ]
        )
    head = ["trainer", "processes", "network days/s", "agent-steps/s", "speed-up", "efficiency"]
    first = next(iter(found.values()))
    return f"""{title}

Sampling and learning together, {first["iterations"]} iterations after a warm-up, one thread a process. Efficiency is the
speed-up over the number of processes. Two processes on this machine's {first["provenance"]["cpus"]} cores: what the main
process and Ray do besides is taken from the same cores.

{table(head, rows)}

{provenance(first)}
"""
