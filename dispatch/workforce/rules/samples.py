"""The sample of states' rules that ships with Housecall: each row blocks until somebody has verified it."""

import json
from datetime import date
from importlib.resources import files

from dispatch.workforce.model import StateRule


def read_state_rules(text: str) -> tuple[StateRule, ...]:
    """Read states' rules from a file of the form of `dispatch/workforce/state_rules.sample.json`."""
    return tuple(
        StateRule(
            state=row["state"],
            roles=frozenset(row["roles"]),
            setting=row["setting"],
            supervision=row["supervision"],
            bolus_allowed=row["bolus_allowed"],
            citation=row["citation"],
            verified_on=date.fromisoformat(row["verified_on"]) if row["verified_on"] else None,
        )
        for row in json.loads(text)["rules"]
    )


def sample_state_rules() -> tuple[StateRule, ...]:
    """Return the sample rows, none of them verified."""
    return read_state_rules(
        (files("dispatch.workforce") / "state_rules.sample.json").read_text(encoding="utf-8")
    )
