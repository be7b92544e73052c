"""May this therapy start at home? Every unmet requirement, by name."""
