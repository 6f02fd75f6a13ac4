"""Rows about many cases for analysts: what columns there are, pseudonyms, and how rows are written."""
