"""Rows of the safety clocks: signs of being well, alarms, on-call roster."""

import sqlalchemy as sa
from alembic import op

revision = "0019_safety"
down_revision = "0018_bedside"

TABLES = (
    "safety_sign", "safety_patient_answer", "safety_alarm", "safety_told", "safety_alarm_step", "safety_duty",
    "safety_contact", "safety_watcher",
)  # fmt: skip
APPEND_ONLY = (
    "safety_sign", "safety_patient_answer", "safety_alarm", "safety_told", "safety_alarm_step",
    "safety_contact",
)  # fmt: skip


def laws(table: str, dialect: str) -> tuple[str, ...]:
    """Return what makes a table append-only. Kept here as it was, not imported."""
    if dialect == "sqlite":
        return tuple(
            f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for deed in ("UPDATE", "DELETE")
        )
    return (
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    )


def upgrade() -> None:
    op.create_table(
        "safety_sign",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("nurse_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("longer_minutes", sa.Integer(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'longer') = (longer_minutes > 0)", name=op.f("ck_safety_sign_longer_counted")
        ),
        sa.CheckConstraint("kind IN ('well', 'longer')", name=op.f("ck_safety_sign_kind_known")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_safety_sign_appointment_id")
        ),
        sa.ForeignKeyConstraint(["nurse_id"], ["nurse.id"], name=op.f("fk_safety_sign_nurse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_sign")),
    )
    op.create_index("ix_safety_sign_appointment", "safety_sign", ["appointment_id", "nurse_id"], unique=False)
    op.create_table(
        "safety_patient_answer",
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "answer IN ('well', 'unwell', 'not_reached')", name=op.f("ck_safety_patient_answer_answer_known")
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_safety_patient_answer_appointment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_patient_answer")),
    )
    op.create_index(
        op.f("ix_safety_patient_answer_appointment_id"),
        "safety_patient_answer",
        ["appointment_id"],
        unique=False,
    )
    op.create_table(
        "safety_alarm",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("nurse_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rungs", sa.JSON(), nullable=False),
        sa.Column("judged_by", sa.JSON(), nullable=False),
        sa.Column("place_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_safety_alarm_appointment_id")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["service_area.id"], name=op.f("fk_safety_alarm_area_id")),
        sa.ForeignKeyConstraint(["nurse_id"], ["nurse.id"], name=op.f("fk_safety_alarm_nurse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_alarm")),
        sa.UniqueConstraint("key", name=op.f("uq_safety_alarm_key")),
    )
    op.create_index("ix_safety_alarm_day", "safety_alarm", ["area_id", "day"], unique=False)
    op.create_index("ix_safety_alarm_nurse", "safety_alarm", ["nurse_id", "raised_at"], unique=False)
    op.create_table(
        "safety_told",
        sa.Column("alarm_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_safety_told_number_positive")),
        sa.CheckConstraint("told_at >= due_at", name=op.f("ck_safety_told_never_early")),
        sa.ForeignKeyConstraint(["alarm_id"], ["safety_alarm.id"], name=op.f("fk_safety_told_alarm_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_told")),
        sa.UniqueConstraint("alarm_id", "number", name=op.f("uq_safety_told_alarm_id_number")),
    )
    op.create_table(
        "safety_alarm_step",
        sa.Column("alarm_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "deed IN ('again', 'acknowledge', 'resolve', 'clear')",
            name=op.f("ck_safety_alarm_step_deed_known"),
        ),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_safety_alarm_step_sequence_positive")),
        sa.ForeignKeyConstraint(
            ["alarm_id"], ["safety_alarm.id"], name=op.f("fk_safety_alarm_step_alarm_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_alarm_step")),
        sa.UniqueConstraint("alarm_id", "sequence", name=op.f("uq_safety_alarm_step_alarm_id_sequence")),
    )
    op.create_table(
        "safety_duty",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("states", sa.JSON(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("begins_at < ends_at", name=op.f("ck_safety_duty_begins_before_it_ends")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_safety_duty_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_duty")),
    )
    op.create_index("ix_safety_duty_ends_at", "safety_duty", ["ends_at"], unique=False)
    op.create_table(
        "safety_contact",
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "how IN ('own_word', 'live_call', 'live_video', 'on_site')",
            name=op.f("ck_safety_contact_how_known"),
        ),
        sa.CheckConstraint("at < valid_until", name=op.f("ck_safety_contact_valid_for_a_while")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_safety_contact_appointment_id")
        ),
        sa.ForeignKeyConstraint(["duty_id"], ["safety_duty.id"], name=op.f("fk_safety_contact_duty_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_contact")),
    )
    op.create_index("ix_safety_contact_duty", "safety_contact", ["duty_id", "valid_until"], unique=False)
    op.create_table(
        "safety_watcher",
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("worker", name=op.f("pk_safety_watcher")),
    )
    for table in APPEND_ONLY:
        for law in laws(table, op.get_context().dialect.name):
            op.execute(law)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
