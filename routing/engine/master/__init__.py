"""The master: which mixture (linear) or choice (integer) of known routes serves the day at least cost."""
