"""The hash chains: the last seal, anchor and verification, and what is wrong."""
