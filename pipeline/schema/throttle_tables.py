"""How much may be sent, and how fast."""

from __future__ import annotations

from sqlalchemy import Column, Float, Integer, Table, Text

from pipeline.schema.columns import Json, metadata, time

# What a provider (`domain` empty), or one receiving domain through it, was sent of late, and the
# pace it has learned. `bookings` holds, by the seconds of a window, instants and counts; `first_at`
# begins the ramp-up; the last three are empty where there was no trouble.
throttles = Table(
    "throttles",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("domain", Text, primary_key=True),
    Column("bookings", Json, nullable=False),
    time("first_at"),
    Column("interval_seconds", Float),
    time("next_at"),
    time("heard_from"),
)

# Connections, or messages in flight, that a worker may have at a provider or a domain until then;
# one with a count of 0 waits, since `since`, for its turn.
slots = Table(
    "slots",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("domain", Text, primary_key=True),
    Column("worker", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    time("since", nullable=False),
    time("until", nullable=False),
)
