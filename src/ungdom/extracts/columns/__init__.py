"""The columns of each extract, one module per extract."""
