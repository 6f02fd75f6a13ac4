"""Rules that are not moves: deadlines, clocks, waits, escalation, permissions, sharing. Pure."""
