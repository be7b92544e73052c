"""The Merkle log: leaves, nodes, checkpoints, cosignatures, timestamps.

Events that were written before there was a log become its first leaves, by server time, then container and
sequence. Their rows stay as they are, without a leaf index: a leaf names its event.
"""

import sqlalchemy as sa
from alembic import op

from dispatch.custody.log.tree import grown, leaf_hash

revision = "0011_log"
down_revision = "0010_lifecycle"

# What holds beyond constraints, each database in its own words. Kept here as it was, not imported.
LAWS = {
    "sqlite": (
        """CREATE TRIGGER custody_log_key_no_update BEFORE UPDATE ON custody_log_key BEGIN SELECT RAISE(ABORT, 'custody_log_key is append-only'); END""",
        """CREATE TRIGGER custody_log_key_no_delete BEFORE DELETE ON custody_log_key BEGIN SELECT RAISE(ABORT, 'custody_log_key is append-only'); END""",
        """CREATE TRIGGER custody_log_leaf_no_update BEFORE UPDATE ON custody_log_leaf BEGIN SELECT RAISE(ABORT, 'custody_log_leaf is append-only'); END""",
        """CREATE TRIGGER custody_log_leaf_no_delete BEFORE DELETE ON custody_log_leaf BEGIN SELECT RAISE(ABORT, 'custody_log_leaf is append-only'); END""",
        """CREATE TRIGGER custody_log_node_no_update BEFORE UPDATE ON custody_log_node BEGIN SELECT RAISE(ABORT, 'custody_log_node is append-only'); END""",
        """CREATE TRIGGER custody_log_node_no_delete BEFORE DELETE ON custody_log_node BEGIN SELECT RAISE(ABORT, 'custody_log_node is append-only'); END""",
        """CREATE TRIGGER custody_log_checkpoint_no_update BEFORE UPDATE ON custody_log_checkpoint BEGIN SELECT RAISE(ABORT, 'custody_log_checkpoint is append-only'); END""",
        """CREATE TRIGGER custody_log_checkpoint_no_delete BEFORE DELETE ON custody_log_checkpoint BEGIN SELECT RAISE(ABORT, 'custody_log_checkpoint is append-only'); END""",
        """CREATE TRIGGER custody_log_cosignature_no_update BEFORE UPDATE ON custody_log_cosignature BEGIN SELECT RAISE(ABORT, 'custody_log_cosignature is append-only'); END""",
        """CREATE TRIGGER custody_log_cosignature_no_delete BEFORE DELETE ON custody_log_cosignature BEGIN SELECT RAISE(ABORT, 'custody_log_cosignature is append-only'); END""",
        """CREATE TRIGGER custody_log_timestamp_no_update BEFORE UPDATE ON custody_log_timestamp BEGIN SELECT RAISE(ABORT, 'custody_log_timestamp is append-only'); END""",
        """CREATE TRIGGER custody_log_timestamp_no_delete BEFORE DELETE ON custody_log_timestamp BEGIN SELECT RAISE(ABORT, 'custody_log_timestamp is append-only'); END""",
        """CREATE TRIGGER custody_log_leaf_next BEFORE INSERT ON custody_log_leaf WHEN NEW.leaf_index > 0 AND NOT EXISTS (SELECT 1 FROM custody_log_leaf l WHERE l.leaf_index = NEW.leaf_index - 1) BEGIN SELECT RAISE(ABORT, 'leaves follow each other without a gap'); END""",
        """CREATE TRIGGER custody_log_head_begins BEFORE INSERT ON custody_log_head WHEN NEW.size <> 0 BEGIN SELECT RAISE(ABORT, 'a log begins empty'); END""",
        """CREATE TRIGGER custody_log_head_follows BEFORE UPDATE ON custody_log_head WHEN NEW.size <= OLD.size OR NOT EXISTS (SELECT 1 FROM custody_log_leaf l WHERE l.leaf_index = NEW.size - 1) OR EXISTS (SELECT 1 FROM custody_log_leaf l WHERE l.leaf_index = NEW.size) BEGIN SELECT RAISE(ABORT, 'the head of the log only follows its leaves'); END""",
        """CREATE TRIGGER custody_log_head_stays BEFORE DELETE ON custody_log_head WHEN 1 = 1 BEGIN SELECT RAISE(ABORT, 'the head of the log is never deleted'); END""",
        """CREATE TRIGGER custody_closing_logged BEFORE INSERT ON custody_closing WHEN NOT EXISTS (SELECT 1 FROM custody_event e JOIN custody_log_leaf l ON l.entry_id = e.id AND l.kind = 'event' AND l.leaf_index = e.leaf_index JOIN custody_log_head h ON h.size > l.leaf_index WHERE e.id = NEW.event_id) BEGIN SELECT RAISE(ABORT, 'an event closes when its leaf stands in the log'); END""",
    ),
    "postgresql": (
        """CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$""",
        """CREATE TRIGGER custody_log_key_no_change BEFORE UPDATE OR DELETE ON custody_log_key FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_log_key_no_truncate BEFORE TRUNCATE ON custody_log_key FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_log_leaf_no_change BEFORE UPDATE OR DELETE ON custody_log_leaf FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_log_leaf_no_truncate BEFORE TRUNCATE ON custody_log_leaf FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_log_node_no_change BEFORE UPDATE OR DELETE ON custody_log_node FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_log_node_no_truncate BEFORE TRUNCATE ON custody_log_node FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_log_checkpoint_no_change BEFORE UPDATE OR DELETE ON custody_log_checkpoint FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_log_checkpoint_no_truncate BEFORE TRUNCATE ON custody_log_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_log_cosignature_no_change BEFORE UPDATE OR DELETE ON custody_log_cosignature FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_log_cosignature_no_truncate BEFORE TRUNCATE ON custody_log_cosignature FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_log_timestamp_no_change BEFORE UPDATE OR DELETE ON custody_log_timestamp FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER custody_log_timestamp_no_truncate BEFORE TRUNCATE ON custody_log_timestamp FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
        """CREATE OR REPLACE FUNCTION custody_log_leaf_next() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.leaf_index > 0 AND NOT EXISTS (SELECT 1 FROM custody_log_leaf l WHERE l.leaf_index = NEW.leaf_index - 1) THEN RAISE EXCEPTION 'leaves follow each other without a gap' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_log_leaf_next BEFORE INSERT ON custody_log_leaf FOR EACH ROW EXECUTE FUNCTION custody_log_leaf_next()""",
        """CREATE OR REPLACE FUNCTION custody_log_head_begins() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.size <> 0 THEN RAISE EXCEPTION 'a log begins empty' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_log_head_begins BEFORE INSERT ON custody_log_head FOR EACH ROW EXECUTE FUNCTION custody_log_head_begins()""",
        """CREATE OR REPLACE FUNCTION custody_log_head_follows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.size <= OLD.size OR NOT EXISTS (SELECT 1 FROM custody_log_leaf l WHERE l.leaf_index = NEW.size - 1) OR EXISTS (SELECT 1 FROM custody_log_leaf l WHERE l.leaf_index = NEW.size) THEN RAISE EXCEPTION 'the head of the log only follows its leaves' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_log_head_follows BEFORE UPDATE ON custody_log_head FOR EACH ROW EXECUTE FUNCTION custody_log_head_follows()""",
        """CREATE OR REPLACE FUNCTION custody_log_head_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF 1 = 1 THEN RAISE EXCEPTION 'the head of the log is never deleted' USING ERRCODE = 'check_violation'; END IF; RETURN OLD; END $$""",
        """CREATE TRIGGER custody_log_head_stays BEFORE DELETE ON custody_log_head FOR EACH ROW EXECUTE FUNCTION custody_log_head_stays()""",
        """CREATE OR REPLACE FUNCTION custody_closing_logged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM custody_event e JOIN custody_log_leaf l ON l.entry_id = e.id AND l.kind = 'event' AND l.leaf_index = e.leaf_index JOIN custody_log_head h ON h.size > l.leaf_index WHERE e.id = NEW.event_id) THEN RAISE EXCEPTION 'an event closes when its leaf stands in the log' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$""",
        """CREATE TRIGGER custody_closing_logged BEFORE INSERT ON custody_closing FOR EACH ROW EXECUTE FUNCTION custody_closing_logged()""",
        """CREATE OR REPLACE FUNCTION custody_log_head_no_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'custody_log_head is never emptied' USING ERRCODE = 'restrict_violation'; END $$""",
        """CREATE TRIGGER custody_log_head_no_truncate BEFORE TRUNCATE ON custody_log_head FOR EACH STATEMENT EXECUTE FUNCTION custody_log_head_no_truncate()""",
    ),
}


def upgrade() -> None:
    op.create_table(
        "custody_log_anchor",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("known_size", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "known_size >= 0 AND failures >= 0", name=op.f("ck_custody_log_anchor_counts_not_negative")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_custody_log_anchor")),
    )
    op.create_table(
        "custody_log_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_custody_log_head_only_one")),
        sa.CheckConstraint(
            "size >= 0 AND length(peaks) % 32 = 0", name=op.f("ck_custody_log_head_peaks_whole")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_log_head")),
    )
    op.create_table(
        "custody_log_key",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("verifier", sa.String(), nullable=False),
        sa.Column("hand_over", sa.String(), nullable=True),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "number > 0 AND (number = 1) = (hand_over IS NULL)", name=op.f("ck_custody_log_key_handed_over")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_log_key")),
        sa.UniqueConstraint("number", name=op.f("uq_custody_log_key_number")),
        sa.UniqueConstraint("verifier", name=op.f("uq_custody_log_key_verifier")),
    )
    op.create_table(
        "custody_log_leaf",
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'event') = (content IS NULL)", name=op.f("ck_custody_log_leaf_content_kept_once")
        ),
        sa.CheckConstraint("leaf_index >= 0", name=op.f("ck_custody_log_leaf_index_not_negative")),
        sa.CheckConstraint("length(leaf_hash) = 32", name=op.f("ck_custody_log_leaf_hash_whole")),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_custody_log_leaf")),
        sa.UniqueConstraint("entry_id", "kind", name=op.f("uq_custody_log_leaf_entry_id_kind")),
    )
    op.create_table(
        "custody_log_node",
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(hash) = 32", name=op.f("ck_custody_log_node_hash_whole")),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_custody_log_node")),
    )
    op.create_table(
        "custody_log_checkpoint",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root_hash", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(root_hash) = 32", name=op.f("ck_custody_log_checkpoint_hash_whole")),
        sa.CheckConstraint(
            "number > 0 AND size >= 0", name=op.f("ck_custody_log_checkpoint_number_positive")
        ),
        sa.ForeignKeyConstraint(
            ["key_id"], ["custody_log_key.id"], name=op.f("fk_custody_log_checkpoint_key_id")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_custody_log_checkpoint")),
        sa.UniqueConstraint("size", "key_id", name=op.f("uq_custody_log_checkpoint_size_key_id")),
    )
    op.create_table(
        "custody_log_cosignature",
        sa.Column("checkpoint_number", sa.BigInteger(), nullable=False),
        sa.Column("verifier", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("cosigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["checkpoint_number"],
            ["custody_log_checkpoint.number"],
            name=op.f("fk_custody_log_cosignature_checkpoint_number"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_log_cosignature")),
        sa.UniqueConstraint(
            "checkpoint_number",
            "verifier",
            name=op.f("uq_custody_log_cosignature_checkpoint_number_verifier"),
        ),
    )
    op.create_table(
        "custody_log_timestamp",
        sa.Column("checkpoint_number", sa.BigInteger(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["checkpoint_number"],
            ["custody_log_checkpoint.number"],
            name=op.f("fk_custody_log_timestamp_checkpoint_number"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_log_timestamp")),
        sa.UniqueConstraint(
            "checkpoint_number",
            "authority",
            name=op.f("uq_custody_log_timestamp_checkpoint_number_authority"),
        ),
    )
    for statement in LAWS[op.get_context().dialect.name]:
        op.execute(sa.text(statement.replace(":", "\\:")))
    _take_in(op.get_bind())


def _take_in(connection: sa.Connection) -> None:
    """Make leaves of the events that are there."""
    event = sa.table(
        "custody_event",
        *(sa.column(name) for name in ("server_time", "container_id", "sequence")),
        sa.column("id", sa.Uuid()),
        sa.column("canonical", sa.LargeBinary()),
    )
    leaf = sa.table(
        "custody_log_leaf",
        *(sa.column(name) for name in ("leaf_index", "kind")),
        sa.column("entry_id", sa.Uuid()),
        sa.column("leaf_hash", sa.LargeBinary()),
    )
    node = sa.table("custody_log_node", sa.column("place"), sa.column("hash", sa.LargeBinary()))
    head = sa.table(
        "custody_log_head",
        *(sa.column(name) for name in ("id", "size")),
        sa.column("peaks", sa.LargeBinary()),
    )
    in_order = sa.select(event.c.id, event.c.canonical).order_by(
        event.c.server_time, event.c.container_id, event.c.sequence
    )
    size, peaks = 0, list[bytes]()
    for entry_id, canonical in connection.execute(in_order).all():
        hashed = leaf_hash(canonical)
        peaks, made = grown(size, peaks, hashed)
        row = {"leaf_index": size, "kind": "event", "entry_id": entry_id, "leaf_hash": hashed}
        connection.execute(leaf.insert(), [row])
        if made:
            nodes = [{"place": (level << 48) + number, "hash": found} for (level, number), found in made]
            connection.execute(node.insert(), nodes)
        size += 1
    if size:
        connection.execute(head.insert(), [{"id": 1, "size": 0, "peaks": b""}])
        connection.execute(head.update().values(size=size, peaks=b"".join(peaks)))


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER custody_closing_logged")
    else:
        op.execute("DROP TRIGGER custody_closing_logged ON custody_closing")
    op.drop_table("custody_log_timestamp")
    op.drop_table("custody_log_cosignature")
    op.drop_table("custody_log_checkpoint")
    op.drop_table("custody_log_node")
    op.drop_table("custody_log_leaf")
    op.drop_table("custody_log_key")
    op.drop_table("custody_log_head")
    op.drop_table("custody_log_anchor")
    if op.get_context().dialect.name == "postgresql":
        for guard in (
            "custody_closing_logged",
            "custody_log_leaf_next",
            "custody_log_head_begins",
            "custody_log_head_follows",
            "custody_log_head_stays",
            "custody_log_head_no_truncate",
        ):
            op.execute(f"DROP FUNCTION {guard}()")
