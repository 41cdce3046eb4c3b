"""The report as a page, a figure and JSON."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from textwrap import fill
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from entrepot.configs.errors import cannot_write
from entrepot.configs.figures import write_json
from entrepot.configs.files import write_atomically
from entrepot.envs.rendering.plain_text import names_as_they_are
from entrepot.training.report.claims import CHANGES, CONSEQUENCE, MET, MISSED, NOT_HERE
from entrepot.training.report.paper import Report, measured_text, share_text

WIDTH = 120
COMMAND = "entrepot report paper --history SALES --page docs/paper.md --json docs/results/paper.json"
COLOURS = {MET: "#2a9d8f", MISSED: "#c8102e", CONSEQUENCE: "#d9822b", NOT_HERE: "#8a8f98"}


def write_rows(found: Report, path: Path) -> None:
    """The figures as JSON; parts stand apart from the claims."""
    write_json(path, found.claims, provenance={**found.provenance, "notes": found.notes}, parts=found.parts)


def write_page(found: Report, path: Path) -> None:
    """The page, and its figure in a folder `images` beside it.

    Raises:
        ConfigurationError: a file can't be written.
    """
    picture = path.parent / "images" / f"{path.stem}.png"
    try:
        content = BytesIO()
        _drawn(found).savefig(content, dpi=130, format="png")
        write_atomically(picture, content.getvalue())
        write_atomically(path, text_of(found, picture.relative_to(path.parent).as_posix()))
    except OSError as error:
        raise cannot_write(path, error, "--page") from error


def text_of(found: Report, picture: str) -> str:
    """The page as Markdown."""
    told = found.provenance
    verdicts = [row["verdict"] for row in found.claims]
    counted = ", ".join(f"{verdicts.count(one)} {one}" for one in (MET, MISSED, CONSEQUENCE, NOT_HERE))
    paragraphs = (
        "The source paper sets collaboration of warehouses by a twin (`active`) against practice without "
        f"one (`passive`). This page is written by `{COMMAND} --episodes {told['episodes']} --days {told['days']} "
        f"--warm-up-days {told['warm_up_days']}`; rows that end in a command are of what that one saved, and "
        "`--measured docs/results/paper.json` in place of SALES tells those anew without living through days again.",
        f"{len(verdicts)} rows: {counted}. Met needs the whole 95 % interval to reach the paper's figure. Changes are "
        "of active against passive, episode by episode.",
        f"**Passive** is practice at its best: {found.notes[0].removeprefix('passive: ')}; every node by its cheapest "
        "way, no help between sister warehouses, equipment run to failure.",
        f"**Active** is {told['policy']}, with each day's demand, records booked on the day and counted on suspicion, "
        "transfers between sisters, and maintenance by condition. Stock goes wrong alike on both sides, and neither "
        f"sees demand that was lost (`{told['observation']}`). Both live through the same {told['episodes']} scenarios "
        f"of {told['days']} days, after {told['warm_up_days']} of warm-up ({told['network']}, {told['demand']}).",
    )
    lines = [
        "# The paper put to the test",
        "",
        *(line for paragraph in paragraphs for line in (_wrapped(paragraph), "")),
        "| claim | paper | measured (95 %) | verdict | what it hangs on |",
        "|---|---:|---:|---|---|",
        *(
            f"| {row['claim']} | {row['paper']} | {measured_text(row)} | {row['verdict']} | {row['assumption']} |"
            for row in found.claims
        ),
        "",
        f"![Changes that the paper claims, and those measured]({picture})",
        "",
        "## What each part gives",
        "",
        _wrapped(
            "Active without one part at a time; the share of the gain is what of passive's distance to active is "
            "lost with it. Shares need not add up: parts work together. Who was trained with a part is worse without "
            "it than who was trained without."
        ),
        "",
        "| without | figure | passive | active | active without it | change | share of the gain |",
        "|---|---|---:|---:|---:|---:|---:|",
        *(_part_line(row) for row in found.parts),
        "",
        *(f"- {note}" for note in found.notes[1:]),
        "",
    ]
    return "\n".join(lines)


def _wrapped(paragraph: str) -> str:
    return fill(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)


def _part_line(row: dict[str, Any]) -> str:
    change, low, high = (f"{100 * row[f'change{end}']:+.1f}".replace("-", "−") for end in ("", "_low", "_high"))
    figures = " | ".join(f"{row[name]:,.4g}" for name in ("passive", "active", "value"))
    return f"| {row['without']} | {row['figure']} | {figures} | {change} % ({low} to {high}) | {share_text(row)} |"


@names_as_they_are()
def _drawn(found: Report) -> Figure:
    """Each claimed change as a ring, and the measured one with its interval."""
    paper = {change.claim: change.paper for change in CHANGES}
    rows = [row for row in found.claims if row["claim"] in paper and row["measured"] is not None]
    figure = Figure(figsize=(9, 1.6 + 0.5 * len(rows)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for place, row in enumerate(rows):
        value, low, high = (100 * row[name] for name in ("measured", "measured_low", "measured_high"))
        colour = COLOURS[row["verdict"]]
        axes.plot([low, high], [place, place], color=colour, linewidth=2.5, solid_capstyle="butt")
        axes.plot(value, place, "o", color=colour, markersize=7)
        axes.plot(100 * paper[row["claim"]], place, "o", markersize=11, markerfacecolor="none", markeredgecolor="black")
    axes.set_yticks(range(len(rows)), [row["claim"] for row in rows])
    axes.axvline(0, color="black", linewidth=0.8)
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.25)
    axes.set_xlabel("change from passive to active, %, with the 95 % interval; rings are the paper's")
    axes.spines[["top", "right"]].set_visible(False)
    for verdict in dict.fromkeys(row["verdict"] for row in rows):
        axes.plot([], [], "o", color=COLOURS[verdict], label=verdict)
    axes.plot([], [], "o", markerfacecolor="none", markeredgecolor="black", label="the paper")
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return figure
