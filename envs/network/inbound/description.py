"""The key `fba` of a node, and what a table of fees in `configs/fba/*.yaml` may say. USD, ft³ where fees count so."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from entrepot.configs.loader import StrictModel

NoLess = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Limit = Annotated[float, Field(gt=0, allow_inf_nan=False)]
MONTHS = Field(min_length=12, max_length=12)


class CheckIn(StrictModel):
    """Days from a shipment's arrival until its units are checked in: Poisson, cut off at the longest."""

    days: NoLess = Field(0.0, description="mean")
    longest_days: Annotated[int, Field(ge=0, le=60)] = 21

    @property
    def longest(self) -> int:
        """Days at the most; 0 where nothing takes time."""
        return self.longest_days if self.days > 0 else 0


class Fba(StrictModel):
    """What holds at a fulfilment centre of Amazon's."""

    fees: str = Field(description="a table of fees by name or path")
    fees_on: date = Field(description="the day whose fees are charged, in every season of an episode")
    capacity_m3: Limit | Annotated[list[Limit], MONTHS] | None = Field(
        None, description="stock and goods on their way together, by month; orders beyond it are cut"
    )
    check_in: CheckIn = CheckIn()
    remove_after_days: Annotated[int, Field(ge=1, le=730)] | None = Field(
        None, description="older units are removed, the day that they grow so old; never if left out"
    )
    recovered_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="of the value of what is removed, what its sale still brings"
    )


class Step(StrictModel):
    """A surcharge, from a threshold to the next."""

    from_: Limit = Field(alias="from")
    usd_per_ft3_month: NoLess


class FeeTable(StrictModel):
    """Fees that are charged from a day on, until the next table's."""

    from_: date = Field(alias="from")
    storage_usd_per_ft3_month: NoLess | Annotated[list[NoLess], MONTHS] = 0.0
    placement_usd_per_unit: NoLess = 0.0
    removal_usd_per_unit: NoLess = 0.0
    utilisation: list[Step] = Field([], description="from so many weeks of stock on")
    aged: list[Step] = Field([], description="from so many days since receipt on")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for key, steps in (("utilisation", self.utilisation), ("aged", self.aged)):
            begins = [step.from_ for step in steps]
            if sorted(set(begins)) != begins:
                raise ValueError(f"{key}: `from` must rise from step to step; found {begins}")
        if any(step.from_ != round(step.from_) for step in self.aged):
            raise ValueError(f"aged: `from` counts whole days; found {[step.from_ for step in self.aged]}")
        return self


class FeeTables(StrictModel):
    """A country's fees by date."""

    title: str = ""
    tables: Annotated[list[FeeTable], Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        begins = [table.from_ for table in self.tables]
        if sorted(set(begins)) != begins:
            raise ValueError(f"tables: `from` must rise from table to table; found {', '.join(map(str, begins))}")
        return self
