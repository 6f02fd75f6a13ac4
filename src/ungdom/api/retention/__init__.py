"""How long data is kept, on what basis, and what was erased."""
