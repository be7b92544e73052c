"""What somebody typed stands in a leaf by a salted commitment only: the salt, beside the event's text."""

import sqlalchemy as sa
from alembic import op

revision = "0020_text_salt"
down_revision = "0019_safety"


def upgrade() -> None:
    op.add_column("custody_event", sa.Column("text_salt", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("custody_event", "text_salt")
