"""The day's solvers. `routing.engine.solve.solve` is the way in."""
