"""The tables of workforce."""

import sqlalchemy as sa
from alembic import op

revision = "0004_workforce"
down_revision = "0003_areas"


def upgrade() -> None:
    op.create_table(
        "state_rule",
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("setting", sa.String(), nullable=False),
        sa.Column("supervision", sa.String(), nullable=False),
        sa.Column("bolus_allowed", sa.Boolean(), nullable=False),
        sa.Column("citation", sa.String(), nullable=False),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_state_rule")),
        sa.UniqueConstraint("state", name=op.f("uq_state_rule_state")),
    )
    op.create_table(
        "nurse",
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("gender", sa.String(), nullable=True),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("pet_allergies", sa.JSON(), nullable=False),
        sa.Column("home_address", sa.String(), nullable=False),
        sa.Column("home_lat", sa.Double(), nullable=False),
        sa.Column("home_lon", sa.Double(), nullable=False),
        sa.Column("lock_box_units", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("lock_box_units >= 0", name=op.f("ck_nurse_lock_box_not_negative")),
        sa.ForeignKeyConstraint(["area_id"], ["service_area.id"], name=op.f("fk_nurse_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nurse")),
        sa.UniqueConstraint("area_id", "code", name=op.f("uq_nurse_area_id_code")),
    )
    op.create_table(
        "authorisation",
        sa.Column("nurse_id", sa.Uuid(), nullable=False),
        sa.Column("registrant", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["nurse_id"], ["nurse.id"], name=op.f("fk_authorisation_nurse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorisation")),
        sa.UniqueConstraint(
            "nurse_id", "registrant", "state", name=op.f("uq_authorisation_nurse_id_registrant_state")
        ),
    )
    op.create_table(
        "competency",
        sa.Column("nurse_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["nurse_id"], ["nurse.id"], name=op.f("fk_competency_nurse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competency")),
        sa.UniqueConstraint("nurse_id", "code", name=op.f("uq_competency_nurse_id_code")),
    )
    op.create_table(
        "licence",
        sa.Column("nurse_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("multistate", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["nurse_id"], ["nurse.id"], name=op.f("fk_licence_nurse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licence")),
        sa.UniqueConstraint("state", "kind", "number", name=op.f("uq_licence_state_kind_number")),
    )
    op.create_index("ix_licence_nurse", "licence", ["nurse_id"], unique=False)
    op.create_table(
        "residence",
        sa.Column("nurse_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["nurse_id"], ["nurse.id"], name=op.f("fk_residence_nurse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residence")),
        sa.UniqueConstraint("nurse_id", "since", name=op.f("uq_residence_nurse_id_since")),
    )
    op.create_table(
        "shift",
        sa.Column("nurse_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_shift_starts_before_it_ends")),
        sa.ForeignKeyConstraint(["nurse_id"], ["nurse.id"], name=op.f("fk_shift_nurse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
        sa.UniqueConstraint("nurse_id", "starts_at", name=op.f("uq_shift_nurse_id_starts_at")),
    )
    op.create_index("ix_shift_starts_at", "shift", ["starts_at"], unique=False)


def downgrade() -> None:
    op.drop_table("shift")
    op.drop_table("residence")
    op.drop_table("licence")
    op.drop_table("competency")
    op.drop_table("authorisation")
    op.drop_table("nurse")
    op.drop_table("state_rule")
