"""The demo's nurses work on at their time, and leave to whoever looks what is theirs by now."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest

from api.demo.going_on import Others
from api.demo.morning import PICK_UP, Act
from api.demo.stocking import NotAsPlayed
from dispatch.kernel.clock import SetClock
from tests.builders.web import keyring_of_app

TEN = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def an_act(minute, what, nurse_id, visit_id=None):
    stop = SimpleNamespace(visit=SimpleNamespace(appointment_id=visit_id) if visit_id else None)
    return Act(at=TEN + timedelta(minutes=minute), nurse_id=nurse_id, what=what, stop=stop)


class Player:
    """Does everything but what it is told to refuse."""

    def __init__(self, refused=""):
        self.refused, self.did = refused, []

    def go_on(self, session, act):
        if act.what == self.refused:
            raise NotAsPlayed(act.what)
        self.did.append(act.what)


@pytest.fixture
def work(app, engine):
    def do(player, acts, minute):
        others = Others(player=player, acts=acts)
        others.do_due(engine, keyring_of_app(app), SetClock(TEN + timedelta(minutes=minute)))
        return player.did

    return do


def test_what_is_due_is_done_and_nothing_sooner(work):
    nurse, visit = uuid4(), uuid4()
    acts = [an_act(1, "drive", nurse, visit), an_act(5, "arrive", nurse, visit)]
    assert work(Player(), acts, 4) == ["drive"]


def test_a_visit_whose_deed_is_refused_is_left_and_the_next_is_not(work):
    nurse, visit, after = uuid4(), uuid4(), uuid4()
    acts = [
        an_act(1, "arrive", nurse, visit), an_act(2, "start", nurse, visit), an_act(3, "drive", nurse, after)
    ]  # fmt: skip
    assert work(Player(refused="arrive"), acts, 9) == ["drive"]


def test_who_could_not_sign_for_her_vials_leaves_her_day(work):
    nurse, other = uuid4(), uuid4()
    acts = [an_act(1, PICK_UP, nurse), an_act(2, "drive", nurse, uuid4()), an_act(3, "drive", other, uuid4())]
    assert work(Player(refused=PICK_UP), acts, 9) == ["drive"]
