"""The tables of areas."""

import sqlalchemy as sa
from alembic import op

revision = "0003_areas"
down_revision = "0002_identity"

# What holds beyond constraints, each database in its own words. Kept here as it was, not imported.
LAWS = {
    "sqlite": (
        """CREATE TRIGGER day_change_no_update BEFORE UPDATE ON day_change BEGIN SELECT RAISE(ABORT, 'day_change is append-only'); END""",
        """CREATE TRIGGER day_change_no_delete BEFORE DELETE ON day_change BEGIN SELECT RAISE(ABORT, 'day_change is append-only'); END""",
        """CREATE TRIGGER policy_no_update BEFORE UPDATE ON policy BEGIN SELECT RAISE(ABORT, 'policy is append-only'); END""",
        """CREATE TRIGGER policy_no_delete BEFORE DELETE ON policy BEGIN SELECT RAISE(ABORT, 'policy is append-only'); END""",
    ),
    "postgresql": (
        """CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$""",
        """CREATE TRIGGER day_change_no_change BEFORE UPDATE OR DELETE ON day_change FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER day_change_no_truncate BEFORE TRUNCATE ON day_change FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER policy_no_change BEFORE UPDATE OR DELETE ON policy FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
        """CREATE TRIGGER policy_no_truncate BEFORE TRUNCATE ON policy FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
    ),
}


def upgrade() -> None:
    op.create_table(
        "service_area",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("travel_base_s", sa.Integer(), nullable=False),
        sa.Column("travel_s_per_km", sa.Integer(), nullable=False),
        sa.Column("weights", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "travel_base_s >= 0 AND travel_s_per_km > 0", name=op.f("ck_service_area_travel_model_positive")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_area")),
        sa.UniqueConstraint("slug", name=op.f("uq_service_area_slug")),
    )
    op.create_table(
        "day_change",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["service_area.id"], name=op.f("fk_day_change_area_id")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_day_change")),
    )
    op.create_index("ix_day_change_day", "day_change", ["area_id", "day", "position"], unique=False)
    op.create_table(
        "pharmacy",
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("opens_minute", sa.Integer(), nullable=False),
        sa.Column("closes_minute", sa.Integer(), nullable=False),
        sa.Column("pickup_s", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "opens_minute >= 0 AND closes_minute <= 1440 AND opens_minute < closes_minute",
            name=op.f("ck_pharmacy_opens_before_it_closes"),
        ),
        sa.ForeignKeyConstraint(["area_id"], ["service_area.id"], name=op.f("fk_pharmacy_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pharmacy")),
        sa.UniqueConstraint("area_id", "code", name=op.f("uq_pharmacy_area_id_code")),
    )
    op.create_table(
        "policy",
        sa.Column("area_id", sa.Uuid(), nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("signed_by", sa.String(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["service_area.id"], name=op.f("fk_policy_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy")),
        sa.UniqueConstraint("area_id", "key", "version", name=op.f("uq_policy_area_id_key_version")),
    )
    for statement in LAWS[op.get_context().dialect.name]:
        op.execute(sa.text(statement.replace(":", "\\:")))


def downgrade() -> None:
    op.drop_table("policy")
    op.drop_table("pharmacy")
    op.drop_table("day_change")
    op.drop_table("service_area")
