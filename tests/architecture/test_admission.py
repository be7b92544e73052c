"""Every route x who asks: generated from the url map, so a new route is in it by itself."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from api.actor import policies
from dispatch.kernel.actor import Role
from tests.builders.web import a_person, a_phone

NOBODYS = UUID("01a1fdb3-103e-7356-8812-ddaa6e2fee05")


def doors(app):
    """Yield (method, address, policy) of everything that is not public."""
    declared = policies(app)
    for rule in app.url_map.iter_rules():
        if declared[rule.endpoint].public:
            continue
        values = {name: sample(converter, name) for name, converter in rule._converters.items()}
        with app.test_request_context():
            address = app.url_map.bind("localhost").build(rule.endpoint, values)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield method, address, declared[rule.endpoint]


def sample(converter, name):
    kind = type(converter).__name__
    if kind == "AnyConverter":
        return min(converter.items)
    if kind == "UUIDConverter":
        return NOBODYS
    if kind == "DayConverter":
        return date(2026, 11, 23)
    if kind == "IntegerConverter":
        return 1
    return "2026-11-23" if name == "day" else "columbus"


def let_in(answer):
    """A page sends strangers to the login; the API says 401, a wrong role gets 403."""
    return answer.status_code not in {401, 403} and not (answer.location or "").startswith("/login")


def test_no_stranger_gets_through_any_door(app):
    stranger = app.test_client()
    through = [door for door in doors(app) if let_in(stranger.open(door[1], method=door[0]))]
    assert not through


def test_no_expired_or_revoked_token_gets_through_any_door(app, engine, clock):
    expired = a_phone(app, engine, a_person(app, engine, *Role, email="all@test.example"))
    revoked = a_phone(app, engine, a_person(app, engine, *Role, email="gone@test.example"))
    revoked.delete("/api/v1/devices/" + revoked.get("/api/v1/devices").json[0]["id"])
    clock.advance(timedelta(days=91))
    through = [
        door
        for door in doors(app)
        for phone in (expired, revoked)
        if let_in(phone.open(door[1], method=door[0]))
    ]
    assert not through


@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_through_its_own_doors_only(app, engine, role):
    phone = a_phone(app, engine, a_person(app, engine, role))
    wrong = []
    for method, address, policy in doors(app):
        if role not in policy.roles and let_in(phone.open(address, method=method)):
            wrong.append((method, address))
    assert not wrong
