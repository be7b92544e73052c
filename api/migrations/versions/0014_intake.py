"""Enquiries, cases, referrals, histories, medications, policies accepted, acknowledgements."""

import sqlalchemy as sa
from alembic import op

revision = "0014_intake"
down_revision = "0013_signals"

TABLES = (
    "intake_case",
    "intake_case_step",
    "intake_link",
    "intake_linked_device",
    "intake_referring_provider",
    "intake_document",
    "intake_referral",
    "intake_answer",
    "intake_list_entry",
    "intake_acceptance",
    "intake_acknowledgement",
)
APPEND_ONLY = (
    "intake_case_step",
    "intake_document",
    "intake_referral",
    "intake_answer",
    "intake_list_entry",
    "intake_acceptance",
    "intake_acknowledgement",
)


def laws(table: str, dialect: str) -> tuple[str, ...]:
    """Return what makes a table append-only. Kept here as it was, not imported."""
    if dialect == "sqlite":
        return tuple(
            f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for deed in ("UPDATE", "DELETE")
        )
    return (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
        "'% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    )


def upgrade() -> None:
    op.create_table(
        "intake_case",
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("held_from", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contacted_by", sa.Uuid(), nullable=True),
        sa.Column("self_pay", sa.Boolean(), nullable=True),
        sa.Column("patient_state", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("born_on_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'on_hold') = (held_from IS NOT NULL)", name=op.f("ck_intake_case_held_from_somewhere")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["service_area.id"], name=op.f("fk_intake_case_area_id")),
        sa.ForeignKeyConstraint(["contacted_by"], ["account.id"], name=op.f("fk_intake_case_contacted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_case")),
    )
    op.create_index("ix_intake_case_area", "intake_case", ["area_id", "state", "answer_due_at"], unique=False)
    op.create_index(op.f("ix_intake_case_patient_id"), "intake_case", ["patient_id"], unique=False)
    op.create_table(
        "intake_case_step",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_intake_case_step_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["intake_case.id"], name=op.f("fk_intake_case_step_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_case_step")),
        sa.UniqueConstraint("case_id", "sequence", name=op.f("uq_intake_case_step_case_id_sequence")),
    )
    op.create_table(
        "intake_link",
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("area_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("secret_digest", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(case_id IS NULL) = (patient_id IS NOT NULL)", name=op.f("ck_intake_link_of_a_case_or_a_patient")
        ),
        sa.CheckConstraint(
            "(patient_id IS NULL) = (area_id IS NULL)", name=op.f("ck_intake_link_patient_with_area")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["service_area.id"], name=op.f("fk_intake_link_area_id")),
        sa.ForeignKeyConstraint(["case_id"], ["intake_case.id"], name=op.f("fk_intake_link_case_id")),
        sa.ForeignKeyConstraint(["made_by"], ["account.id"], name=op.f("fk_intake_link_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_link")),
        sa.UniqueConstraint("secret_digest", name=op.f("uq_intake_link_secret_digest")),
    )
    op.create_index(op.f("ix_intake_link_case_id"), "intake_link", ["case_id"], unique=False)
    op.create_index(op.f("ix_intake_link_patient_id"), "intake_link", ["patient_id"], unique=False)
    op.create_table(
        "intake_linked_device",
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("secret_digest", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["intake_link.id"], name=op.f("fk_intake_linked_device_link_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_linked_device")),
        sa.UniqueConstraint("link_id", name=op.f("uq_intake_linked_device_link_id")),
        sa.UniqueConstraint("secret_digest", name=op.f("uq_intake_linked_device_secret_digest")),
    )
    op.create_table(
        "intake_referring_provider",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("practice", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("fax", sa.String(), nullable=False),
        sa.Column("affiliated", sa.Boolean(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_referring_provider")),
    )
    op.create_table(
        "intake_document",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("length(sha256) = 32", name=op.f("ck_intake_document_hash_whole")),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_intake_document_not_empty")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_intake_document_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["intake_case.id"], name=op.f("fk_intake_document_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_document")),
    )
    op.create_index(op.f("ix_intake_document_case_id"), "intake_document", ["case_id"], unique=False)
    op.create_table(
        "intake_referral",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_intake_referral_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["intake_case.id"], name=op.f("fk_intake_referral_case_id")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["intake_document.id"], name=op.f("fk_intake_referral_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["intake_referring_provider.id"], name=op.f("fk_intake_referral_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_referral")),
        sa.UniqueConstraint("case_id", "sequence", name=op.f("uq_intake_referral_case_id_sequence")),
    )
    op.create_index(op.f("ix_intake_referral_case_id"), "intake_referral", ["case_id"], unique=False)
    op.create_table(
        "intake_answer",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("form_version", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_intake_answer_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["intake_case.id"], name=op.f("fk_intake_answer_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_answer")),
        sa.UniqueConstraint("case_id", "sequence", name=op.f("uq_intake_answer_case_id_sequence")),
    )
    op.create_table(
        "intake_list_entry",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_intake_list_entry_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["intake_case.id"], name=op.f("fk_intake_list_entry_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_list_entry")),
        sa.UniqueConstraint("case_id", "sequence", name=op.f("uq_intake_list_entry_case_id_sequence")),
    )
    op.create_table(
        "intake_acceptance",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("agreement", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("words_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("device_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_intake_acceptance_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["intake_case.id"], name=op.f("fk_intake_acceptance_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_acceptance")),
    )
    op.create_index(op.f("ix_intake_acceptance_case_id"), "intake_acceptance", ["case_id"], unique=False)
    op.create_table(
        "intake_acknowledgement",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("licence_state", sa.String(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("words_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "link_id IS NOT NULL OR document_id IS NOT NULL",
            name=op.f("ck_intake_acknowledgement_signed_somewhere"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_intake_acknowledgement_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["intake_case.id"], name=op.f("fk_intake_acknowledgement_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["intake_document.id"], name=op.f("fk_intake_acknowledgement_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["link_id"], ["intake_link.id"], name=op.f("fk_intake_acknowledgement_link_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_acknowledgement")),
    )
    op.create_index(
        op.f("ix_intake_acknowledgement_case_id"), "intake_acknowledgement", ["case_id"], unique=False
    )
    for table in APPEND_ONLY:
        for law in laws(table, op.get_bind().dialect.name):
            op.execute(law)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
