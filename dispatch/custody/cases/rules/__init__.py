"""Pure decisions about a case: its clocks, its life, what may be done, its words and forms."""
