"""Which signed value of a policy holds: the area's newest, else the company's newest, else the default."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from dispatch.areas.model import DEFAULT_POLICIES, POLICY_CITATIONS, NewPolicy
from dispatch.areas.records import PolicyRow, ServiceAreaRow
from dispatch.areas.service import policies, policy, policy_lines, sign_policy
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Forbidden, Invalid, NotFound

KEY, OTHER = "identity.fresh_minutes", "custody.beyond_use_h"


def signed(
    session: Session, area: ServiceAreaRow | None, minutes: int, version: int = 1, **scope: str
) -> None:
    session.add(
        PolicyRow(
            id=new_id(), area_id=area.id if area else None, key=KEY, value={"minutes": minutes},
            version=version, signed_by="Cora", signed_at=datetime(2026, 11, 1, tzinfo=UTC), reason="",
            **scope,
        )
    )  # fmt: skip
    session.flush()


def an_area(session: Session, slug: str) -> ServiceAreaRow:
    area = ServiceAreaRow(id=new_id(), slug=slug, name=slug, time_zone="America/New_York")
    session.add(area)
    session.flush()
    return area


def test_the_default_holds_until_somebody_signs(session):
    area = an_area(session, "columbus")
    assert policy(session, KEY, area.id) == DEFAULT_POLICIES[KEY]
    signed(session, None, 4)
    assert policy(session, KEY, area.id) == policy(session, KEY) == {"minutes": 4}


def test_the_areas_own_word_counts_more_than_a_newer_one_of_the_companys(session):
    area, elsewhere = an_area(session, "columbus"), an_area(session, "denver")
    signed(session, area, 3, version=1)
    signed(session, area, 2, version=2)
    signed(session, None, 9, version=7)
    assert policy(session, KEY, area.id) == {"minutes": 2}
    assert policy(session, KEY, elsewhere.id) == {"minutes": 9}


def test_several_are_read_at_once(session):
    area = an_area(session, "columbus")
    signed(session, area, 3)
    found = policies(session, (KEY, OTHER), area.id)
    assert found == {KEY: {"minutes": 3}, OTHER: DEFAULT_POLICIES[OTHER]}


def test_a_registrants_word_counts_before_an_areas_and_that_before_a_states(session):
    area = an_area(session, "columbus")
    told = {"state": "OH", "registrant": "FH1"}
    for minutes, where, scope in (
        (9, None, {}), (8, None, {"state": "OH"}), (7, area, {}), (6, area, {"state": "OH"}),
        (5, None, {"registrant": "FH1"}), (4, area, {"registrant": "FH1", "state": "OH"}),
    ):  # fmt: skip
        signed(session, where, minutes, version=10 - minutes, **scope)
        assert policies(session, (KEY,), area.id, **told)[KEY] == {"minutes": minutes}
    assert policies(session, (KEY,), area.id, "IA", "FH1")[KEY] == {"minutes": 5}
    assert policies(session, (KEY,), area.id, "IA")[KEY] == {"minutes": 7}
    assert policies(session, (KEY,), None, "OH")[KEY] == {"minutes": 8}


@pytest.fixture
def cora():
    return Actor(account_id=None, name="Cora", roles=frozenset({Role.COMPLIANCE}), person_ref="person-cora")


def a_policy(**more):
    return NewPolicy(**({"key": KEY, "value": {"minutes": 3}, "reason": "advice of counsel"} | more))


def test_a_signed_policy_holds_and_the_one_before_stays(session, cora, clock):
    area = an_area(session, "columbus")
    for minutes in (3, 2):
        sign_policy(session, a_policy(area_id=area.id, value={"minutes": minutes}), cora, clock)
    assert policy(session, KEY, area.id) == {"minutes": 2}
    lines = [line for line in policy_lines(session, area.id) if line.key == KEY]
    assert [(line.version, line.value["minutes"]) for line in lines] == [(0, 5), (1, 3), (2, 2)]
    assert lines[2].signed_by == "person-cora"


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({}, "value.minutes"),
        ({"minutes": "3"}, "value.minutes"),
        ({"minutes": -1}, "value.minutes"),
        ({"minutes": True}, "value.minutes"),
        ({"minutes": 3, "hours": 1}, "value.hours"),
    ],
)
def test_a_policy_has_the_shape_of_its_default(session, cora, clock, value, field):
    with pytest.raises(Invalid) as refused:
        sign_policy(session, a_policy(value=value), cora, clock)
    assert [reason.field for reason in refused.value.reasons] == [field]


def test_a_policy_says_why(session, cora, clock):
    with pytest.raises(Invalid, match="reason_missing"):
        sign_policy(session, a_policy(reason=" "), cora, clock)


def test_a_policy_that_nobody_reads_is_not_found(session, cora, clock):
    with pytest.raises(NotFound, match="no_such_policy"):
        sign_policy(session, a_policy(key="custody.mood"), cora, clock)


def test_a_nurse_signs_no_policy(session, cora, clock):
    with pytest.raises(Forbidden, match="role_missing"):
        sign_policy(session, a_policy(), replace(cora, roles=frozenset({Role.NURSE})), clock)


@pytest.mark.parametrize("key", [key for key in DEFAULT_POLICIES if key.startswith("custody.")])
def test_every_choice_of_custody_says_what_it_stands_on(key):
    assert POLICY_CITATIONS.get(key)
