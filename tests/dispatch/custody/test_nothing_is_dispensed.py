"""“Can you leave me some for the weekend?” There is no such transaction, route or command."""

import re
from pathlib import Path

import click

import dispatch.custody
from api.cli import main
from dispatch.appointments.rules.catalogue import CATALOGUE, WHY_NOT_OFFERED
from dispatch.custody import model
from dispatch.custody.model import EventKind, State
from dispatch.custody.states import TRANSITIONS

HOME = re.compile(r"take.?home|left_with|leave_with|hand_?out|dispense_to|to_patient|for_home", re.IGNORECASE)
RULES = Path(dispatch.custody.__path__[0]) / "rules"
# What gives, during a visit: a deed at the bedside, a pump's total, and the correction of either.
GIVING = {"bedside.py", "measuring.py"}


def commands(group, path=""):
    for name, command in group.commands.items():
        yield f"{path} {name}"
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


def test_a_container_is_held_by_a_nurse_or_a_stock_point_and_by_nobody_else():
    holders = {name for name in vars(model) if name.endswith("_holder")}
    assert holders == {"nurse_holder", "pharmacy_holder"}


def test_only_giving_at_a_visit_moves_drug_to_a_patient():
    moving = {path.name for path in RULES.glob("*.py") if "patient_of(" in path.read_text()}
    assert moving == GIVING
    for name in GIVING:
        assert "drawn_from(" in (RULES / name).read_text()


def test_drug_is_given_only_from_an_opened_vial():
    opened = {State.OPENED, State.ADMINISTERING, State.RESIDUAL_PENDING, State.RECONCILED}
    for kind in (EventKind.ADMINISTERED, EventKind.INFUSION_STARTED, EventKind.INFUSION_STOPPED):
        begins = TRANSITIONS[kind].begins
        assert begins
        assert set(begins) <= opened, kind


def test_no_transaction_route_or_command_leaves_drug_at_home(built_app):
    words = [kind.value for kind in EventKind] + [state.value for state in State]
    words += [f"{rule.endpoint} {rule.rule}" for rule in built_app.url_map.iter_rules()]
    words += list(commands(main))
    assert len(words) > 100
    assert not [word for word in words if HOME.search(word)]


def test_what_would_be_left_is_in_the_catalogue_only_to_be_refused():
    refused = {service.code for service in CATALOGUE if not service.offered}
    assert refused == {
        "ketamine_lozenge", "ketamine_oral", "ketamine_sublingual", "ketamine_intranasal",
        "ketamine_injection", "esketamine",
    }  # fmt: skip
    assert refused <= WHY_NOT_OFFERED.keys()
    assert "no such transaction" in WHY_NOT_OFFERED["ketamine_lozenge"]
