"""What is missing before a consultation can be booked: every part by its name (care-rules A03, B08-B10)."""

from collections.abc import Iterator

from dispatch.intake.commands import ReferralKind
from dispatch.intake.questions import SECTIONS, Section
from dispatch.intake.rules.faults import detail_is_missing
from dispatch.intake.sentences import reason
from dispatch.intake.statements import Histories, Intake, Saying
from dispatch.kernel.refusals import Reason

MOST_NAMED = 4
ABOUT = {"born_on": "date of birth", "address": "address", "state": "state", "phone": "telephone number"}


def blocks(intake: Intake) -> tuple[Reason, ...]:
    """Return everything that keeps a consultation from being booked; empty when the intake is complete."""
    return tuple(_blocks(intake))


def _blocks(intake: Intake) -> Iterator[Reason]:
    lacking = [name for part, name in ABOUT.items() if not getattr(intake.contact, part)]
    if lacking:
        yield reason("about_missing", "about", known=", ".join(lacking))
    yield from _purpose(intake)
    yield from _lists(intake)
    for section in SECTIONS:
        if open_items := unanswered(section, intake.histories):
            named = "; ".join(open_items[:MOST_NAMED])
            more = len(open_items) - MOST_NAMED
            known = f"{named}; and {more} more" if more > 0 else named
            yield reason("history_incomplete", section.code, title=section.title, known=known)
    for agreement in intake.agreements:
        if agreement.accepted_at is None:
            yield reason("agreement_missing", f"agreements.{agreement.code}", title=agreement.title)
    signed = intake.acknowledgement
    if signed is None or signed.expires_on <= intake.today:
        yield reason("acknowledgement_missing", "acknowledgement")


def _purpose(intake: Intake) -> Iterator[Reason]:
    if not any(each.indications for each in intake.referrals):
        yield reason("referral_reason_missing", "purpose")
    newest = intake.referrals[-1] if intake.referrals else None
    if newest and newest.kind == ReferralKind.HOME_INFUSION and not newest.home_reason:
        yield reason("home_reason_missing", "purpose")


def _lists(intake: Intake) -> Iterator[Reason]:
    tried = intake.histories.said("treatments.tried_any")
    if not intake.treatments and tried is not Saying.NO:
        yield reason("treatments_missing", "medications")
    if intake.treatments and tried is Saying.NO:
        yield reason("treatments_contradicted", "medications")
    if not intake.medications.entries and intake.medications.takes_any is not Saying.NO:
        yield reason("medications_missing", "medications")
    if intake.medications.entries and intake.medications.takes_any is Saying.NO:
        yield reason("medications_contradicted", "medications")


def unanswered(section: Section, histories: Histories) -> tuple[str, ...]:
    """Return the questions of a section that nobody answered, or whose answer still needs words."""
    found = []
    for item in section.items:
        answer = histories.answers.get(item.code)
        if answer is None or detail_is_missing(item.code, answer.saying, answer.detail):
            found.append(item.text)
    return tuple(found)
