"""Emergency access: wider sight on one case for a time, for a reason that somebody reviews afterwards."""
