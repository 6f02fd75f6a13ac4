"""What may happen to a case, who may do it, why not, and when it is due. Pure: no clock, no database, no network."""
