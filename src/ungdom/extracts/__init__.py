"""Extracts for analysts: pseudonymised rows about many cases, written to files and reproducible from a manifest."""
