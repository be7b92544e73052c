"""What may move a case, what is missing, and what a medicine is: pure decisions."""
