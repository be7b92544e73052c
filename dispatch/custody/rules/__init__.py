"""Pure decisions of the ledger: who may sign, what a deed does to its vial, what must be kept."""
