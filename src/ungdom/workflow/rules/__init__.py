"""Rules other than moves: deadlines, clocks, waits, escalation, permissions, sharing. Pure."""
