"""What intake gathers: answers, lists, referrals, documents, policies, signatures; and what is missing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from uuid import uuid4

import pytest
import sqlalchemy as sa
from PIL import Image

from dispatch.areas.model import NewPolicy
from dispatch.areas.service import sign_policy
from dispatch.intake import changes, service
from dispatch.intake.commands import (
    Acceptance,
    GivenAnswer,
    NewAcknowledgement,
    NewDocument,
    NewMedication,
    NewProvider,
    NewReferral,
    NewTreatment,
    ReferralKind,
    ReferralSource,
)
from dispatch.intake.queries import (
    acknowledgement_of,
    agreements_of,
    consultation_blocks,
    contact_addresses,
    document_of,
    histories,
    indications,
    medication_list,
    policies_unaccepted,
    providers,
    treatments_of,
)
from dispatch.intake.questions import ITEMS, SECTIONS
from dispatch.intake.records import AcceptanceRow, AnswerRow, CaseRow
from dispatch.intake.service import LinkPurpose
from dispatch.intake.service.acknowledging import months_after
from dispatch.intake.service.links import link_opens
from dispatch.intake.statements import Saying
from dispatch.kernel.actor import SYSTEM, Role
from dispatch.kernel.refusals import Conflict, Invalid, NotFound
from tests.builders.company import ADMIN, a_company
from tests.builders.intake import PATIENT, WHOLE, a_patient_link, an_enquiry, answer_all, fill, staff

SEIZURES = "medical.seizures"


@pytest.fixture
def case(session, clock):
    return an_enquiry(session, a_company(session, clock)[0], clock)


@pytest.fixture
def heard(monkeypatch):
    found = []
    monkeypatch.setattr(
        changes, "_LISTENERS", [lambda _session, change, _actor, _clock: found.append(change.kind.value)]
    )
    return found


def codes(reasons):
    return [each.code for each in reasons]


def say(session, clock, case, item, saying, detail=""):
    given = GivenAnswer(case_id=case.case_id, item=item, saying=saying, detail=detail)
    return service.give_answer(session, given, PATIENT, clock)


def take(session, clock, case, name, **more):
    new = NewMedication(case_id=case.case_id, name=name, **more)
    return service.change_medication(session, new, PATIENT, clock)


# Histories.
def test_the_six_histories_are_asked_in_the_order_of_the_rules():
    assert [section.row for section in SECTIONS] == ["A05", "A06", "A07", "A08", "A09", "A10"]
    assert len(ITEMS) == sum(len(section.items) for section in SECTIONS)


def test_what_nobody_answered_is_neither_no_nor_unknown(session, clock, case):
    assert histories(session, case.case_id).said(SEIZURES) is None
    assert SEIZURES in histories(session, case.case_id).missing


def test_unknown_is_an_answer_and_stays_unknown(session, clock, case):
    say(session, clock, case, SEIZURES, Saying.UNKNOWN)
    found = histories(session, case.case_id)
    assert found.said(SEIZURES) is Saying.UNKNOWN
    assert SEIZURES not in found.missing


def test_the_latest_answer_counts_and_the_earlier_ones_stay(session, clock, case):
    for saying in (Saying.NO, Saying.NO, Saying.YES):
        say(session, clock, case, SEIZURES, saying)
    assert histories(session, case.case_id).said(SEIZURES) is Saying.YES
    assert session.scalar(sa.select(sa.func.count()).select_from(AnswerRow)) == 2


@pytest.mark.parametrize(
    ("item", "saying", "detail", "code"),
    [
        ("medical.nose", Saying.NO, "", "no_such_item"),
        (SEIZURES, None, "", "saying_missing"),
        ("social.supports", Saying.YES, "My sister", "saying_unfit"),
        ("social.supports", None, "", "detail_missing"),
        (SEIZURES, Saying.YES, "x" * 2_001, "text_too_long"),
        (SEIZURES, Saying.YES, "a\0b", "unseen_character"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(session, clock, case, item, saying, detail, code):
    with pytest.raises(Invalid, match=code):
        say(session, clock, case, item, saying, detail)


def test_a_yes_without_its_words_is_kept_and_still_missing(session, clock, case):
    fill(session, case.case_id, clock)
    say(session, clock, case, SEIZURES, Saying.YES)
    reasons = consultation_blocks(session, case.case_id, clock.now())
    assert codes(reasons) == ["history_incomplete"]
    assert ITEMS[SEIZURES].text in reasons[0].text
    say(session, clock, case, SEIZURES, Saying.YES, "Once, as a child.")
    assert not consultation_blocks(session, case.case_id, clock.now())


def test_everything_missing_is_said_at_once_and_by_name(session, clock, case):
    found = codes(consultation_blocks(session, case.case_id, clock.now()))
    assert found.count("history_incomplete") == len(SECTIONS)
    assert set(found) == {
        "about_missing", "referral_reason_missing", "treatments_missing", "medications_missing",
        "history_incomplete", "agreement_missing", "acknowledgement_missing",
    }  # fmt: skip


def test_a_list_that_its_own_answer_denies_is_asked_about(session, clock, case):
    fill(session, case.case_id, clock)
    take(session, clock, case, "Lisinopril")
    assert codes(consultation_blocks(session, case.case_id, clock.now())) == ["medications_contradicted"]
    say(session, clock, case, "medications.takes_any", Saying.YES)
    assert not consultation_blocks(session, case.case_id, clock.now())


@pytest.mark.parametrize(
    ("saying", "kind"),
    [(Saying.YES, "medical_event"), (Saying.UNKNOWN, "medical_event"), (Saying.NO, "answer")],
)
def test_an_urgent_answer_that_is_no_plain_no_is_a_medical_event(session, clock, case, heard, saying, kind):
    say(session, clock, case, SEIZURES, saying)
    assert heard[0] == kind


# Medicines and treatments.
def test_a_listed_name_is_matched_whatever_its_case_salt_or_strength(session, clock, case):
    take(session, clock, case, "THEOPHYLLINE ER 300 mg")
    take(session, clock, case, "Metoprolol succinate 50mg")
    found = medication_list(session, case.case_id).entries
    assert [each.classes for each in found] == [{"xanthine"}, {"antihypertensive"}]


def test_a_misspelt_name_is_a_suggestion_that_somebody_confirms(session, clock, case):
    entry_id = take(session, clock, case, "theophyline", dose="300 mg")
    [entry] = medication_list(session, case.case_id).unmatched
    assert (entry.suggested, entry.ingredients) == ("theophylline", ())
    take(session, clock, case, "theophyline", dose="300 mg", confirmed=entry.suggested, entry_id=entry_id)
    found = medication_list(session, case.case_id)
    assert [each.classes for each in found.entries] == [{"xanthine"}]
    assert not found.unmatched


def test_nothing_is_confirmed_that_the_list_does_not_have(session, clock, case):
    with pytest.raises(Invalid, match="not_in_list_of_ingredients"):
        take(session, clock, case, "blue pill", confirmed="blue pill")


def test_the_digest_changes_with_every_change_of_the_list(session, clock, case, heard):
    seen = [medication_list(session, case.case_id).digest]
    entry_id = take(session, clock, case, "Sertraline")
    seen.append(medication_list(session, case.case_id).digest)
    for more in ({"dose": "50 mg"}, {"dose": "50 mg", "last_taken": "today"}, {"rxnorm": "36437"}):
        take(session, clock, case, "Sertraline", entry_id=entry_id, **more)
        seen.append(medication_list(session, case.case_id).digest)
    service.remove_entry(session, case.case_id, "medication", entry_id, PATIENT, clock)
    say(session, clock, case, "medications.takes_any", Saying.NO)
    seen.append(medication_list(session, case.case_id).digest)
    assert len(set(seen)) == len(seen)
    assert heard.count("medications") == 6


def test_an_empty_list_is_no_answer_and_no_medicine_only_when_said(session, clock, case):
    assert medication_list(session, case.case_id).takes_any is None
    answer_all(session, case.case_id, clock, Saying.UNKNOWN)
    assert {"medications_missing", "treatments_missing"} <= set(
        codes(consultation_blocks(session, case.case_id, clock.now()))
    )


def test_a_line_of_another_case_is_not_there(session, clock, case):
    other = an_enquiry(session, case.area_id, clock)
    entry_id = take(session, clock, other, "Sertraline")
    with pytest.raises(NotFound, match="no_such_entry"):
        take(session, clock, case, "Sertraline", entry_id=entry_id)
    with pytest.raises(NotFound, match="no_such_entry"):
        service.remove_entry(session, case.case_id, "medication", entry_id, PATIENT, clock)


def test_a_treatment_tells_how_it_went(session, clock, case):
    tried = NewTreatment(
        case_id=case.case_id, treatment="Sertraline", dose="200 mg", duration="a year",
        outcome="did_not_help", reason_ended="no effect",
    )  # fmt: skip
    service.change_treatment(session, tried, PATIENT, clock)
    with pytest.raises(Invalid, match="outcome_unknown"):
        service.change_treatment(session, replace(tried, outcome=""), PATIENT, clock)
    assert [each.outcome for each in treatments_of(session, case.case_id)] == ["did_not_help"]
    say(session, clock, case, "treatments.tried_any", Saying.NO)
    assert "treatments_contradicted" in codes(consultation_blocks(session, case.case_id, clock.now()))


# Referrals and documents.
def test_a_referral_for_home_says_why(session, clock, case):
    fill(session, case.case_id, clock)
    new = NewReferral(
        case_id=case.case_id,
        source=ReferralSource.FAX,
        kind=ReferralKind.HOME_INFUSION,
        indications=("crps",),
    )
    service.note_referral(session, new, PATIENT, clock)
    assert codes(consultation_blocks(session, case.case_id, clock.now())) == ["home_reason_missing"]
    service.note_referral(session, replace(new, home_reason="She cannot travel."), PATIENT, clock)
    assert not consultation_blocks(session, case.case_id, clock.now())
    assert indications(session, case.case_id) == {"major_depression", "crps"}


def test_a_referral_that_cannot_be_is_refused_with_all_that_is_wrong(session, clock, case):
    new = NewReferral(
        case_id=case.case_id, source=ReferralSource.FAX, indications=("boredom",),
        received_at=clock.now() + timedelta(days=1),
    )  # fmt: skip
    with pytest.raises(Invalid) as refused:
        service.note_referral(session, new, PATIENT, clock)
    assert codes(refused.value.reasons) == ["indication_unknown", "date_out_of_range"]
    with pytest.raises(NotFound, match="no_such_provider"):
        service.note_referral(
            session, replace(new, indications=(), received_at=None, provider_id=uuid4()), PATIENT, clock
        )


def test_a_photograph_is_drawn_anew_and_sealed(session, clock, case):
    made = BytesIO()
    hidden = Image.new("RGB", (20, 20), "white")
    hidden.info["comment"] = b"Mira"
    hidden.save(made, "JPEG", comment=b"Mira Quince")
    document = NewDocument(case_id=case.case_id, name="referral.jpg", content=made.getvalue())
    row = document_of(session, case.case_id, service.add_document(session, document, PATIENT, clock))
    assert row.media_type == "image/jpeg"
    assert b"Mira" not in row.content
    assert b"JFIF" not in row.text_sealed


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "document_empty"),
        (b"<html>", "document_type"),
        (b"%PDF-" + b"x" * 60, "document_too_large"),
        (b"\x89PNG\r\n\x1a\n cut", "picture_unreadable"),
    ],
)
def test_a_document_that_is_none_is_refused(session, clock, case, content, code):
    small = NewPolicy(key="intake.documents", value={"most_bytes": 50}, reason="small")
    sign_policy(session, small, ADMIN, clock)
    with pytest.raises(Invalid, match=code):
        service.add_document(
            session, NewDocument(case_id=case.case_id, name="x", content=content), PATIENT, clock
        )


def test_a_document_of_another_case_is_not_found(session, clock, case):
    pdf = NewDocument(case_id=case.case_id, name="x.pdf", content=b"%PDF-1.4 invented")
    document_id = service.add_document(session, pdf, PATIENT, clock)
    assert document_of(session, case.case_id, document_id).content == b"%PDF-1.4 invented"
    with pytest.raises(NotFound, match="no_such_document"):
        document_of(session, an_enquiry(session, case.area_id, clock).case_id, document_id)


def test_who_refers_is_listed_as_not_affiliated(session, clock, case):
    service.add_provider(session, NewProvider(name="Ines Ash", state="OH"), staff(Role.DISPATCHER), clock)
    assert [(row.name, row.affiliated) for row in providers(session)] == [("Ines Ash", False)]


# Policies and signatures.
def test_a_new_version_is_accepted_anew(session, clock, case):
    patient_id = uuid4()
    assert codes(policies_unaccepted(session, patient_id)) == ["no_case"]
    service.tie_patient(session, case.case_id, patient_id, SYSTEM, clock)
    fill(session, case.case_id, clock, {"agreements"})
    assert not policies_unaccepted(session, patient_id)
    words = {"documents": {"privacy": {"version": 1, "title": "Same number", "text": "Other words."}}}
    sign_policy(session, NewPolicy(key="intake.agreements", value=words, reason="reworded"), ADMIN, clock)
    assert codes(policies_unaccepted(session, patient_id)) == ["agreement_missing"]


def test_only_the_present_version_is_accepted(session, clock, case):
    code = agreements_of(session, case.case_id)[0].code
    old = Acceptance(case_id=case.case_id, agreement=code, version=0)
    with pytest.raises(Conflict, match="agreement_changed"):
        service.accept_agreement(session, old, PATIENT, clock)
    with pytest.raises(NotFound, match="no_such_agreement"):
        service.accept_agreement(session, replace(old, agreement="none"), PATIENT, clock)


def test_where_a_policy_was_accepted_is_sealed(session, clock, case):
    code = agreements_of(session, case.case_id)[0].code
    accepted = Acceptance(
        case_id=case.case_id, agreement=code, version=1, address="203.0.113.7", device="A phone"
    )
    service.accept_agreement(session, accepted, PATIENT, clock)
    row = session.scalars(sa.select(AcceptanceRow)).one()
    assert (row.address, row.device, row.at) == ("203.0.113.7", "A phone", clock.now())
    assert b"203.0.113.7" not in row.address_sealed


def test_no_policy_promises_or_ends_a_medicine(session, clock, case):
    texts = " ".join(each.text for each in agreements_of(session, case.case_id)).lower()
    assert "nothing is given for you to take later" in texts
    assert "keep taking your medicines" in texts
    assert "%" not in texts
    assert not [word for word in ("stop taking", "discontinue", "do not take") if word in texts]


def test_no_question_tells_to_end_a_medicine():
    texts = " ".join([f"{each.text} {each.prompt}" for each in ITEMS.values()] + [s.about for s in SECTIONS])
    assert not [word for word in ("stop", "discontinue", "do not take") if word in texts.lower()]


def test_an_acknowledgement_holds_for_its_months_and_not_a_day_longer(session, clock, case):
    fill(session, case.case_id, clock)
    assert acknowledgement_of(session, case.case_id).expires_on == date(2027, 11, 23)
    last = datetime(2027, 11, 23, 4, 59, tzinfo=UTC)  # 22 November, 23:59 in Columbus
    assert not consultation_blocks(session, case.case_id, last)
    expired = consultation_blocks(session, case.case_id, last + timedelta(minutes=1))
    assert codes(expired) == ["acknowledgement_missing"]


def test_a_signature_names_everything_that_is_wrong_with_it(session, clock, case):
    new = NewAcknowledgement(
        case_id=case.case_id, signer="", role="magician", licence_number="", licence_state="XX"
    )
    with pytest.raises(Invalid) as refused:
        service.sign_acknowledgement(session, new, PATIENT, clock)
    assert set(codes(refused.value.reasons)) == {
        "signer_missing", "licence_missing", "state_unknown", "signer_role_unknown", "signed_nowhere",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 12, 1), 12, date(2027, 12, 1)),
        (date(2026, 3, 31), 1, date(2026, 4, 30)),
    ],
)
def test_months_end_where_the_month_ends(day, months, then):
    assert months_after(day, months) == then


# Links.
def test_a_link_opens_once_on_one_device(session, clock, case):
    secret = a_patient_link(session, case.case_id, clock)
    assert link_opens(session, secret, clock) is LinkPurpose.PATIENT
    device = service.open_link(session, secret, clock)
    assert service.visitor_of(session, device.secret, clock.now()).case_id == case.case_id
    with pytest.raises(NotFound, match="link_dead"):
        service.open_link(session, secret, clock)


@pytest.mark.parametrize(
    ("purpose", "life"),
    [(LinkPurpose.PATIENT, timedelta(hours=72)), (LinkPurpose.PROVIDER, timedelta(days=14))],
)
def test_a_link_expires(session, clock, case, purpose, life):
    secret = a_patient_link(session, case.case_id, clock, purpose)
    clock.advance(life - timedelta(seconds=1))
    assert link_opens(session, secret, clock) is purpose
    clock.advance(timedelta(seconds=1))
    with pytest.raises(NotFound, match="link_dead"):
        service.open_link(session, secret, clock)


def test_a_new_link_calls_the_unopened_one_back(session, clock, case):
    first, second = (a_patient_link(session, case.case_id, clock) for _ in range(2))
    assert link_opens(session, first, clock) is None
    assert link_opens(session, second, clock) is LinkPurpose.PATIENT


def test_a_device_is_signed_off_by_the_clock_and_by_calling_back(session, clock, case):
    made = service.make_link(session, case.case_id, LinkPurpose.PATIENT, PATIENT, clock)
    device = service.open_link(session, made.secret, clock)
    assert service.visitor_of(session, device.secret, device.expires_at) is None
    service.revoke_link(session, case.case_id, made.link_id, staff(Role.DISPATCHER), clock)
    assert service.visitor_of(session, device.secret, clock.now()) is None


def test_no_secret_is_kept(session, clock, case):
    secret = a_patient_link(session, case.case_id, clock)
    device = service.open_link(session, secret, clock)
    tables = ("intake_link", "intake_linked_device")
    stored = repr([session.execute(sa.text(f"SELECT * FROM {table}")).all() for table in tables])
    assert secret not in stored
    assert device.secret not in stored


def test_where_a_message_about_a_case_goes(session, clock, case):
    service.tell_about(session, case.case_id, WHOLE, PATIENT, clock)
    assert contact_addresses(session, case.case_id) == (WHOLE.phone, WHOLE.email)
    assert contact_addresses(session, case.case_id, "provider") == (None, None)


def test_nobody_adds_to_a_case_that_is_over(session, clock, case):
    session.get_one(CaseRow, case.case_id).state = "closed"
    with pytest.raises(Conflict, match="case_over"):
        say(session, clock, case, SEIZURES, Saying.NO)
