"""Rows about many cases for analysts: what columns there are, pseudonyms, how rows are written and built again."""
