import pytest
import sqlalchemy as sa

from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.kernel.actor import SYSTEM

REPLACE = (
    "INSERT OR REPLACE INTO audit_entry "
    "(id, at, actor_name, session_ref, action, subject_kind, request_id, detail)"
    " SELECT id, at, 'someone else', session_ref, action, subject_kind, request_id, detail FROM audit_entry"
)


@pytest.mark.parametrize(
    "deed",
    ["DELETE FROM audit_entry", "UPDATE audit_entry SET actor_name = 'x'", "TRUNCATE audit_entry", REPLACE],
)
def test_the_database_refuses_to_change_what_was_logged(session, clock, deed):
    record(session, AuditEntry(action="a.b", subject_kind="x", subject_id=None), SYSTEM, clock)
    session.commit()
    with pytest.raises(sa.exc.DBAPIError):
        session.execute(sa.text(deed))
    session.rollback()
    assert session.scalar(sa.text("SELECT actor_name FROM audit_entry")) == SYSTEM.name
