"""Views of one case, for a page of cases at a time."""
