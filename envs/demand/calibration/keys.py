"""What a demand YAML may say of how a sales history is written, and of how much of it may be lost."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from entrepot.configs.loader import StrictModel

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]

DATE_FORMATS = ("iso", "day_first", "month_first", "excel", "unix_seconds", "unix_milliseconds")
"""Ways of writing a date that have a name; any other is a pattern such as %d.%m.%y."""
AS_WRITTEN = "as_written"


class ReadingKeys(StrictModel):
    """How a history's text is read. What is None is recognised; where it can't be, an error names the key."""

    encoding: str | None = Field(None, description="as Python calls it; UTF-8, or UTF-16 with its mark")
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    date_format: str | None = Field(None, description="one of `DATE_FORMATS`, or a pattern with % signs")
    time_zone: str | None = Field(None, description="IANA name of the zone whose dates count, or `as_written`")
    decimal: Literal[".", ","] | None = Field(None, description="what stands before fractions")
    thousands: Literal[",", ".", " ", "'"] | None = Field(None, description="what stands between thousands")
    period: Literal["day", "week", "month"] | None = Field(
        None, description="what a row's units were sold in; days if not given, unless the dates look otherwise"
    )
    period_dates: Literal["first", "last"] = Field("first", description="which day of a week its date is")
    weekday_shares: list[Weight] | None = Field(
        None, description="how a week's or month's units fall on Monday to Sunday, in any unit; evenly if not given"
    )
    repeated_rows: Literal["add", "refuse"] = Field("add", description="of one date, SKU and market")
    similar_names: Literal["refuse", "join", "apart"] = Field(
        "refuse", description="names that are the network's but for case, spaces or leading zeros"
    )
    most_left_out: Share = Field(0.02, description="greatest share of rows that can't be used")
    most_of_others: Share = Field(0.02, description="greatest share of rows of markets or SKUs the network hasn't")
    longest_gap_days: Annotated[int, Field(ge=1)] = Field(180, description="longest run of days without any row")
    most_times_usual: Annotated[float, Field(gt=1)] = Field(
        10_000, description="greatest ratio of a day's units to the SKU's median day with sales in that place"
    )

    @field_validator("weekday_shares")
    @classmethod
    def _seven_weekdays(cls, shares: list[float] | None) -> list[float] | None:
        if shares is not None and (len(shares) != 7 or not sum(shares)):
            raise ValueError("allowed: seven figures, Monday first, not all of them 0")
        return shares

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                codecs.lookup(name)
            except LookupError as error:
                raise ValueError("allowed: an encoding such as utf-8, utf-16, cp1252 or shift_jis") from error
        return name

    @field_validator("date_format")
    @classmethod
    def _format_is_known(cls, name: str | None) -> str | None:
        if name is not None and name not in DATE_FORMATS and "%" not in name:
            raise ValueError(f"allowed: {', '.join(DATE_FORMATS)}, or a pattern such as %d.%m.%y")
        return name

    @field_validator("time_zone")
    @classmethod
    def _zone_is_known(cls, name: str | None) -> str | None:
        if name is not None and name != AS_WRITTEN:
            try:
                ZoneInfo(name)
            except (LookupError, ValueError, OSError) as error:
                raise ValueError(f"allowed: a zone's name such as Europe/Berlin, or {AS_WRITTEN}") from error
        return name
