"""Ruin and recreate, compiled: thousands of rounds a second."""
