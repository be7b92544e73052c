"""Measured runs over public and invented days: ``python -m benchmarks --help``. Never part of the tests."""
