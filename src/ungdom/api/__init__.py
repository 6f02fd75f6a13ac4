"""The HTTP interface: it translates, owns the clock and the transaction, and holds no rule."""
