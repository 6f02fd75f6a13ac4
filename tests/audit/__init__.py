"""The hash chains: what a verification finds."""
