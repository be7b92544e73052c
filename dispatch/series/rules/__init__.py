"""Pure decisions about doses, orders, spacing and responses."""
