"""Recidivism by three named definitions, side by side. The rows that define them are in `recidivism.definitions`.

They differ in the index date (the decision, the start of the sanction, its completion), in the length of the window,
and in what counts as a relapse: a charge, or an act that was decided with finality. None of them is *the* share that
relapses; a figure without its definition has no meaning.
"""
