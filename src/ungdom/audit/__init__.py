"""Hash chains over rows that are only added: how a row is linked to the one before it."""
