"""The tables of appointments."""

import sqlalchemy as sa
from alembic import op

revision = "0005_appointments"
down_revision = "0004_workforce"


def upgrade() -> None:
    op.create_table(
        "service",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("competencies", sa.JSON(), nullable=False),
        sa.Column("controlled", sa.Boolean(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("nurses_needed", sa.Integer(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("minutes > 0 AND units >= 0", name=op.f("ck_service_minutes_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
        sa.UniqueConstraint("code", name=op.f("uq_service_code")),
    )
    op.create_table(
        "patient",
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("born_on_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("access_notes_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("point_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("point_source", sa.String(), nullable=False),
        sa.Column("point_verified", sa.Boolean(), nullable=False),
        sa.Column("name_index", sa.LargeBinary(), nullable=False),
        sa.Column("pets", sa.JSON(), nullable=False),
        sa.Column("required_language", sa.String(), nullable=True),
        sa.Column("required_gender", sa.String(), nullable=True),
        sa.Column("preferred_language", sa.String(), nullable=True),
        sa.Column("preferred_gender", sa.String(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["service_area.id"], name=op.f("fk_patient_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
        sa.UniqueConstraint("area_id", "reference", name=op.f("uq_patient_area_id_reference")),
    )
    op.create_index(op.f("ix_patient_name_index"), "patient", ["name_index"], unique=False)
    op.create_table(
        "appointment",
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("first_infusion", sa.Boolean(), nullable=False),
        sa.Column("dose_order_ref", sa.String(), nullable=True),
        sa.Column("dose_ug", sa.Integer(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("nurses_needed", sa.Integer(), nullable=False),
        sa.Column("preferred_nurse_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pinned_nurse_id", sa.Uuid(), nullable=True),
        sa.Column("pinned_begin_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("dose_ug IS NULL OR dose_ug > 0", name=op.f("ck_appointment_dose_positive")),
        sa.CheckConstraint("minutes > 0 AND units >= 0", name=op.f("ck_appointment_minutes_positive")),
        sa.CheckConstraint("priority BETWEEN 1 AND 5", name=op.f("ck_appointment_priority_one_to_five")),
        sa.ForeignKeyConstraint(["area_id"], ["service_area.id"], name=op.f("fk_appointment_area_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_appointment_patient_id")),
        sa.ForeignKeyConstraint(
            ["pinned_nurse_id"], ["nurse.id"], name=op.f("fk_appointment_pinned_nurse_id")
        ),
        sa.ForeignKeyConstraint(
            ["preferred_nurse_id"], ["nurse.id"], name=op.f("fk_appointment_preferred_nurse_id")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_appointment_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
        sa.UniqueConstraint("area_id", "reference", name=op.f("uq_appointment_area_id_reference")),
    )
    op.create_index("ix_appointment_day", "appointment", ["area_id", "day"], unique=False)
    op.create_index("ix_appointment_patient", "appointment", ["patient_id", "day"], unique=False)
    op.create_table(
        "exclusion",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("nurse_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["nurse_id"], ["nurse.id"], name=op.f("fk_exclusion_nurse_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_exclusion_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exclusion")),
        sa.UniqueConstraint("patient_id", "nurse_id", name=op.f("uq_exclusion_patient_id_nurse_id")),
    )
    op.create_table(
        "appointment_window",
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("begins_at <= ends_at", name=op.f("ck_appointment_window_begins_before_it_ends")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_appointment_window_appointment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_window")),
    )
    op.create_index(
        op.f("ix_appointment_window_appointment_id"), "appointment_window", ["appointment_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("appointment_window")
    op.drop_table("exclusion")
    op.drop_table("appointment")
    op.drop_table("patient")
    op.drop_table("service")
