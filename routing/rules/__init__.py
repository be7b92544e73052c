"""The laws of a plan, one file a rule, named as the trade names it; `routing.check` applies them all.

Each file has one public function, ``check(problem, plan)``, which yields a `Violation` for every place
where the plan breaks the rule. No rule knows a solver.
"""
