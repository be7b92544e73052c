"""Questions that the ledger's figures raise, and random assays of carried-back residual.

A signal never accuses: most unusual figures have an innocent reason (custody-rules.md: 88 % of cases close
by themselves). It is a question with its arithmetic shown, and a person answers it.
"""
