"""The tables of forecasts: survival curves from the stored history, and their calibration. No personal data."""

from sqlalchemy import Column, Date, Float, Integer, Table, Text

from ungdom.store.schema.base import UtcDateTime, metadata

forecast_curve = Table(
    "forecast_curve",
    metadata,
    Column("clock", Text, primary_key=True),
    Column("stage", Text, primary_key=True),
    Column("sanction", Text, primary_key=True, comment="empty: both"),
    Column("konfliktrad", Text, primary_key=True, comment="empty: the whole country"),
    Column(
        "landmark",
        Integer,
        primary_key=True,
        autoincrement=False,
        comment="days on the stage from which the curve counts",
    ),
    Column("as_of", Date, nullable=False, comment="what was known at the end of this day"),
    Column("last", Integer, nullable=False, comment="the last day on which anybody was under observation"),
    Column("days", Text, nullable=False, comment="JSON: days after the landmark on which the clock stopped for some"),
    Column("at_risk", Text, nullable=False, comment="JSON: how many were waiting on each"),
    Column("ended", Text, nullable=False, comment="JSON: for how many it stopped on each"),
    comment="waiting times by clock and stage; counted anew every night and may be thrown away",
)

forecast_calibration = Table(
    "forecast_calibration",
    metadata,
    Column("clock", Text, primary_key=True, comment="empty: all of them"),
    Column("until", Date, nullable=False, comment="what had happened was judged as known at the end of this day"),
    Column("first_asked", Date, nullable=False),
    Column("last_asked", Date, nullable=False),
    Column("forecasts", Integer, nullable=False),
    Column("left", Integer, nullable=False, comment="of these, ended in another way before the limit"),
    Column("brier", Float, nullable=False),
    Column("brier_of_share", Float, nullable=False, comment="had everybody been told the share, known afterwards"),
    Column("share", Float, nullable=False, comment="that passed the limit"),
    Column("bins", Text, nullable=False, comment="JSON: predicted, observed, how many forecasts"),
    Column("computed_at", UtcDateTime, nullable=False),
    comment="how forecasts of the past came out",
)
