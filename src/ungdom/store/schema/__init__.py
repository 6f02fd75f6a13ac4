"""The tables of the database, one module per area."""
