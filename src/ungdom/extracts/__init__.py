"""Rows for analysts: what each extract holds, under which pseudonyms it leaves, and how it is built again."""
