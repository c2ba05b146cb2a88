"""The times of the ventilation sequence, in milliseconds."""

SECOND = 1_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE

FEEDBACK = 10 * SECOND
"""From an order to the proof that it was obeyed; as long as the order is valid."""
TRANSIT = 1 * SECOND
"""What the feedback of the last moment may take to reach us, before time retries: a setting."""
ORDERS = 2
"""An order and one retry."""
INTERLOCK = 60 * SECOND
HALVED = 10 * MINUTE
PURGE = 15 * MINUTE
OVERRUN = 60 * MINUTE
CHRONIC = 3
"""Starts in 24 h."""

UNCOMMANDED_S = 30
AGAIN = 10 * MINUTE
"""After a fan has failed and gas remains, how long until it is tried again: a setting."""
LATE = 5 * SECOND
"""By how much a retry may come late, as a start may: after that the next reading decides."""
LIVE = 60 * SECOND
"""How old a reading may be to give orders: a setting."""
