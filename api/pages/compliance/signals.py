"""Questions that the figures raise: the list, one question with its arithmetic and events, the answer."""

from dataclasses import dataclass
from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.reading import text_from_form
from dispatch.appointments.queries import ordered_doses
from dispatch.areas.service import area_by_id, area_by_slug, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.custody.signals import queries, service
from dispatch.custody.signals.commands import AnswerSignal
from dispatch.custody.signals.model import Answer, Rule
from dispatch.custody.signals.queries import SignalLine, Standing
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Refusal

READERS = roles(Role.COMPLIANCE)
# What waits for somebody; the rest shows when it is asked for.
WAITING = frozenset({Standing.OPEN, Standing.WATCHED})


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which questions to show: those that wait, unless a standing is named; of a signal, of a nurse."""

    standing: str
    rule: str
    nurse: str

    def finds(self, line: SignalLine) -> bool:
        """Tell whether a question is wanted."""
        stands = line.standing in WAITING if self.standing == "waiting" else True
        if self.standing in set(Standing):
            stands = line.standing.value == self.standing
        return stands and self.rule in ("", line.rule.value) and self.nurse in ("", line.nurse)


def _wanted() -> Wanted:
    return Wanted(
        standing=request.args.get("standing", "waiting")[:40],
        rule=request.args.get("rule", "")[:40],
        nurse=request.args.get("nurse", "")[:40],
    )


@pages.route("/custody/<slug>/questions")
@policy(READERS)
def custody_questions(slug: str) -> str:
    """Show an area's questions, the newest first."""
    session = current_session()
    area = area_by_slug(session, slug)
    lines, wanted = queries.questions(session, area.id), _wanted()
    note_read(AuditEntry(action="custody.read_questions", subject_kind="service_area", subject_id=area.id))
    return render_template(
        "compliance/questions.html",
        area=area,
        zone=zone_of(area),
        lines=[line for line in lines if wanted.finds(line)],
        count=len(lines),
        wanted=wanted,
        standings=["waiting", *Standing, "all"],
        rules=[rule for rule in Rule if any(line.rule is rule for line in lines)],
        nurses=sorted({line.nurse for line in lines}),
    )


@pages.route("/custody/<slug>/questions", methods=["POST"])
@policy(READERS)
def ask_questions(slug: str) -> Response:
    """Look at the figures now."""
    session = current_session()
    area = area_by_slug(session, slug)
    service.ask(session, area.id, ordered_doses, actor(), clock())
    return redirect(url_for("pages.custody_questions", slug=area.slug), 303)


@pages.route("/custody/questions/<uuid:signal_id>")
@policy(READERS)
def custody_question(signal_id: UUID) -> Response:
    """Show one question: its arithmetic, its events, its answers."""
    return _page(signal_id)


@pages.route("/custody/questions/<uuid:signal_id>", methods=["POST"])
@policy(READERS)
def answer_question(signal_id: UUID) -> Response:
    """Add an answer; what speaks against it shows on the same page, with the words kept."""
    queries.question(current_session(), signal_id)
    seen = request.form.get("seen", "")
    command = AnswerSignal(
        signal_id=signal_id,
        answer=request.form.get("answer", "")[:40],
        text=text_from_form("text", 4000),
        seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 6 else -1,
    )
    try:
        service.answer(current_session(), command, actor(), clock())
    except Refusal as refusal:
        return _page(signal_id, refusal)
    return redirect(url_for("pages.custody_question", signal_id=signal_id, _anchor="answers"), 303)


def _page(signal_id: UUID, refusal: Refusal | None = None) -> Response:
    session = current_session()
    line = queries.question(session, signal_id)
    area = area_by_id(session, line.area_id)
    note_read(AuditEntry(action="custody.read_question", subject_kind="signal", subject_id=signal_id))
    page = render_template(
        "compliance/question.html",
        area=area,
        zone=zone_of(area),
        line=line,
        evidence=queries.evidence(session, line),
        choices=list(Answer),
        chosen=request.form.get("answer", ""),
        said=request.form.get("text", ""),
        refusal=refusal,
    )
    return make_response(page, refusal.status if refusal else 200)
