"""Retention and erasure: how long data is kept, on what basis, what is erased, and that it stays erased.

The rules are in `rules`, what holds an erasure back in `holds`, and the journal of erasures, which outlives a restored
backup, in `journal`. Described in docs/retention.md.
"""
