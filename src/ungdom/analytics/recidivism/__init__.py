"""Recidivism by three named definitions, side by side. The rows that define them stand in `statistics.definitions`.

They differ in where they begin (the decision, the start of the sanction, its completion), in how long they look, and in
what they call a relapse: a charge, or an act that was decided with finality. None of them is *the* share that relapses;
a figure without its definition says nothing.
"""
