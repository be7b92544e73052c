"""Families of public instances: how each becomes a day, and what its plans cost by the family's own rule."""
