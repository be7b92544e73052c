"""What compliance and an inspector read of the ledger: reports, inventories, and any figure's own events."""
