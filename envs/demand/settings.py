"""Where demand comes from, as a person says it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from entrepot.configs.loader import ConfigurationError, StrictModel
from entrepot.envs.demand.registry import read_demand

WindowsName = Literal["as_given", "divided"]
GENERATOR, HISTORY = "calibrated", "history"
"""The shipped demand YAMLs that are meant where none is named: without a history, and with one."""


class DemandSettings(StrictModel):
    """Where demand comes from."""

    name: str | None = Field(None, description="a demand YAML by name or path; chosen by `path` if not given")
    path: str | None = Field(None, description="a sales history, CSV or Parquet")
    windows: WindowsName = Field(
        "as_given",
        description="the demand YAML's own; or the history divided in time 70 : 12 : 18, and no day of it left out",
    )

    def content(self) -> tuple[dict[str, Any], str]:
        """What the demand's YAML says, with the changes asked for; and the file to name in an error.

        Raises:
            ConfigurationError: there is no such YAML, or windows are to be divided that aren't a history's.
        """
        content, source = read_demand(self.name or (HISTORY if self.path else GENERATOR))
        if self.path is not None:
            content["path"] = self.path
        if self.windows == "divided":
            if content.get("kind") != "history":
                raise ConfigurationError(
                    f"demand.windows: 'divided' divides a history, and {source} is of kind {content.get('kind')!r}; "
                    "allowed: as_given"
                )
            # Dates of any kind are of the history that the YAML was written for.
            content |= {"windows": None, "left_out_days": []}
        return content, source
