"""What a YAML may say of a warehouse's equipment. Time in hours, money in USD."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from entrepot.configs.loader import StrictModel

Hours = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NoLess = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Serves(StrEnum):
    """Whose throughput falls while a unit stands still."""

    DOCK = "dock"
    PICKING = "picking"


class MaintenancePolicy(StrEnum):
    """When units are maintained, where nobody decides it by the day."""

    RUN_TO_FAILURE = "run_to_failure"
    FIXED_AGE = "fixed_age"
    CONDITION_BASED = "condition_based"
    OPTIMAL_AGE = "optimal_age"


class EquipmentClass(StrictModel):
    """Units that are alike. As they stand, figures are assumptions, but for 500 hours between failures: the paper's.

    `mtbf_hours` counts hours of work; `repair_hours` and `maintenance_hours` hours of the working day.
    """

    units: Annotated[int, Field(ge=1, le=1000)]
    serves: Serves
    mtbf_hours: Hours = Field(500.0, description="mean hours of work to a failure")
    shape: Annotated[float, Field(gt=0, le=20)] = Field(2.0, description="of the Weibull life; 1 does not age")
    repair_hours: Hours = Field(12.0, description="mean of a lognormal repair, waiting for parts and people included")
    repair_log_deviation: Annotated[float, Field(ge=0, le=3)] = 0.5
    maintenance_hours: Hours = 3.0
    hours_per_day: Annotated[float, Field(gt=0, le=24)] = 8.0
    least_use: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="share of a shift that units run however little there is to do"
    )
    repair_usd: NoLess = 600.0
    maintenance_usd: NoLess = 150.0
    standstill_usd_per_hour: NoLess = 40.0
    maintenance: MaintenancePolicy = MaintenancePolicy.RUN_TO_FAILURE
    maintenance_age_hours: Hours | None = Field(
        None, description="of fixed_age; of condition_based, the wear it acts on"
    )
    signal_log_deviation: Annotated[float, Field(ge=0, le=3)] = Field(
        0.2, description="of condition_based: wear is seen as hours of work times a lognormal error"
    )

    @model_validator(mode="after")
    def _age_where_it_counts(self) -> Self:
        if self.maintenance is MaintenancePolicy.FIXED_AGE and self.maintenance_age_hours is None:
            raise ValueError("maintenance_age_hours: missing; maintenance: fixed_age needs it")
        return self
