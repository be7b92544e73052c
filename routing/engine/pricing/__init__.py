"""Pricing by labelling: the days of one nurse with the least reduced cost, compiled."""
