"""Documents of a case: capped in size, known by their content, pictures drawn anew, sealed at rest."""

from hashlib import sha256

from sqlalchemy.orm import Session

from dispatch.custody.cases.commands import Attach
from dispatch.custody.cases.loading import locked_case, place_of
from dispatch.custody.cases.model import Case, StepKind
from dispatch.custody.cases.records import CaseAttachmentRow
from dispatch.custody.cases.rules.deciding import text_fits
from dispatch.custody.cases.sentences import reason
from dispatch.custody.cases.service.stepping import OFFICERS
from dispatch.custody.cases.writing import write_step
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.pictures import PictureUnreadable, drawn_anew
from dispatch.kernel.plain_text import LONGEST_LINE
from dispatch.kernel.refusals import Invalid

PDF, PNG, JPEG, TEXT = "application/pdf", "image/png", "image/jpeg", "text/plain"
_BEGINNINGS = ((b"%PDF-", PDF), (b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG))


def attach(session: Session, command: Attach, actor: Actor, clock: Clock) -> Case:
    """Add a document to a case, also to a resolved one, and return the case.

    Raises
    ------
    Invalid
        ``attachment_empty``, ``attachment_too_large``, ``attachment_type``, ``picture_unreadable``, or
        what is wrong with its name or note.
    """
    actor.require(OFFICERS)
    case = locked_case(session, command.case_id)
    most = place_of(session, case.opening).policy.most_attachment_bytes
    text, name = command.text.strip(), command.name.strip() or "document"
    wrong = text_fits(text) + text_fits(name, "name", LONGEST_LINE, lines=False)
    if not command.content:
        wrong.append(reason("attachment_empty", "file"))
    if len(command.content) > most:
        wrong.append(reason("attachment_too_large", "file", size=str(len(command.content)), most=str(most)))
    if wrong:
        raise Invalid(wrong)
    media_type = media_type_of(command.content)
    content = command.content
    if media_type in (PNG, JPEG):
        try:
            content = drawn_anew(content, media_type)
        except PictureUnreadable:
            raise Invalid([reason("picture_unreadable", "file")]) from None
    row = CaseAttachmentRow(
        id=new_id(),
        case_id=case.case_id,
        media_type=media_type,
        size_bytes=len(content),
        sha256=sha256(content).digest(),
    )
    row.name, row.content = name, content
    session.add(row)
    session.flush()
    write_step(session, case.case_id, StepKind.ATTACHED, actor, clock, text=text, attachment=row)
    return locked_case(session, case.case_id)


def media_type_of(content: bytes) -> str:
    """Return what a document is, by its content; its name and what the browser says of it do not count."""
    for beginning, media_type in _BEGINNINGS:
        if content.startswith(beginning):
            return media_type
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text or text.lstrip()[:1] == "<":  # markup is no plain text: a browser might run it
        raise Invalid([reason("attachment_type", "file")])
    return TEXT
