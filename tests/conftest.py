"""What every test may use. Builders live in tests/builders, one module a chapter."""
