"""Offices compared: control limits, tests between groups and adjustment for case mix. Decision 0059."""
