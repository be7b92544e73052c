"""Re-planning a day that runs: what is past stays, what happened is taken in, the rest is put right.

The story, file by file: `underway` (what is past), `events` (what happened), `effects` (what that does to the
day), `promises` (what moving a visit costs), `settle` (what becomes of the day if nobody does anything),
`greedy` (an answer at once), `local` (an exact one for the nurses around it), `diff` (what a dispatcher is
shown) and `replanner`, which puts them together.
"""
