"""The daily look: it asks and draws by itself, and asks nothing twice."""

from datetime import timedelta

from sqlalchemy import func, select

from api.looking import Onlooker
from dispatch.custody.reports.records import QuarterRow
from dispatch.custody.reports.service import close_quarters
from dispatch.custody.signals import queries
from dispatch.custody.signals.records import AssayPeriodRow
from dispatch.kernel.storage import transaction
from tests.builders.signals import off_shift_scene


def test_a_look_closes_the_quarters_that_are_over(engine, keyring):
    with transaction(engine, keyring) as session:
        scene = off_shift_scene(session)
    scene.clock.advance(timedelta(days=1))
    Onlooker(engine, keyring, scene.clock).look()
    with transaction(engine, keyring) as session:
        assert session.scalar(select(func.count()).select_from(QuarterRow)) > 0
        assert close_quarters(session, scene.clock) == 0


def test_a_look_asks_and_commits_to_seeds_and_the_next_one_asks_nothing_twice(engine, keyring):
    with transaction(engine, keyring) as session:
        scene = off_shift_scene(session)
    onlooker = Onlooker(engine, keyring, scene.clock)
    for _ in range(3):
        onlooker.look()
        scene.clock.advance(timedelta(hours=13))
    with transaction(engine, keyring) as session:
        assert len(queries.questions(session, scene.area_id)) == 1
        assert session.scalar(select(func.count()).select_from(AssayPeriodRow)) == 2
