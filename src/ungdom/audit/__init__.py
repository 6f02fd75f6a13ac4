"""Hash chains over rows that are only added, sealed by Merkle roots: how rows are linked, sealed and verified. Pure."""
