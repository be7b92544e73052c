"""Infusions of many series laid over weeks: a `Horizon` in, a `Laying` out. No database, no wall clock.

`problem` states it, `lay` solves it, `check` verifies any answer without the solver, `offers` gives the best
alternatives for one patient, `repair` mends a series after a missed visit, `why` says what blocks.
"""
