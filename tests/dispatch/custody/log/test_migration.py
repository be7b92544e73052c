"""Events that were written before there was a log get their leaves when it comes."""

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from api.migrations import migrate
from dispatch.custody import service as custody
from dispatch.custody.log import queries, tree
from dispatch.custody.log.records import LeafRow
from dispatch.custody.records import EventRow
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import transaction
from tests.builders.custody import a_draw, opened


def test_earlier_events_become_the_first_leaves(engine: Engine, keyring: Keyring) -> None:
    with transaction(engine, keyring) as session:
        scene = opened(session, vials=3)
    migrate(engine, "0010_lifecycle")
    migrate(engine)
    with Session(engine) as session:
        in_order = session.execute(
            select(EventRow.id, EventRow.canonical).order_by(
                EventRow.server_time, EventRow.container_id, EventRow.sequence
            )
        ).all()
        leaves = session.scalars(select(LeafRow).order_by(LeafRow.leaf_index)).all()
        assert len(leaves) > 6
        assert [leaf.entry_id for leaf in leaves] == [event.id for event in in_order]
        assert [leaf.leaf_hash for leaf in leaves] == [tree.leaf_hash(event.canonical) for event in in_order]
        assert queries.first_wrong_leaf(session, 0, len(leaves)) is None
        before = queries.root(session, len(leaves))
    with transaction(engine, keyring) as session:
        custody.draw(session, a_draw(scene), scene.nurse, scene.clock)
    with Session(engine) as session:
        found = queries.prove_consistency(session, len(leaves))
        assert found.new_size == len(leaves) + 1
        assert tree.consistency_holds(len(leaves), found.new_size, found.proof, before, found.new_root)
