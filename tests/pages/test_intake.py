"""The intake's pages: an open door, a link that opens once, one's own case and nothing else."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa

from api.actor import PATIENT_LINK, PROVIDER_LINK
from dispatch.appointments.care.queries import responsible_adult
from dispatch.intake import queries, service
from dispatch.intake.model import CaseState
from dispatch.intake.records import LinkedDeviceRow
from dispatch.intake.service import LinkPurpose
from dispatch.intake.statements import Saying
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.architecture.test_admission import doors
from tests.builders.care_path import registered
from tests.builders.clearance import a_scene
from tests.builders.company import a_company
from tests.builders.intake import PATIENT, an_enquiry, fill
from tests.builders.web import a_browser, a_person, a_phone, csrf, keyring_of_app

NOBODYS = "01a1fdb3-103e-7356-8812-ddaa6e2fee05"


@pytest.fixture
def company(app, engine, clock):
    with transaction(engine, keyring_of_app(app)) as session:
        return a_company(session, clock)[0]


@pytest.fixture
def begin(app, engine):
    return lambda: transaction(engine, keyring_of_app(app))


@pytest.fixture
def case_id(begin, company, clock):
    with begin() as session:
        return an_enquiry(session, company, clock).case_id


@pytest.fixture
def dispatcher(app, engine):
    a_person(app, engine, Role.DISPATCHER, email="dana@test.example")
    return a_browser(app, "dana@test.example")


def a_link(begin, case_id, clock, purpose=LinkPurpose.PATIENT):
    with begin() as session:
        return service.make_link(session, case_id, purpose, PATIENT, clock).secret


def token_of(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


def opened(app, secret):
    """A device on which the link was opened."""
    device = app.test_client()
    page = device.get(f"/p/{secret}").text
    answer = device.post(f"/p/{secret}", data={"csrf_token": token_of(page)})
    assert answer.status_code == 303, answer.text
    return device


def sent(device, part, **form):
    page = device.get("/my").text
    return device.post(f"/my/{part}", data={"csrf_token": token_of(page), **form})


def test_anybody_may_ask_for_a_call_and_learns_by_when(app, company, begin):
    stranger = app.test_client()
    form = {"csrf_token": token_of(stranger.get("/enquire").text), "area": "columbus", "name": "Mira Quince"}
    page = stranger.post("/enquire", data=form | {"phone": "+1 614 555 0142"}).text
    assert "Tuesday 24 November" in page
    with begin() as session:
        [case] = queries.cases_in(session, (CaseState.LEAD,))
        assert (case.contact.name, case.channel) == ("Mira Quince", "web")


def test_an_enquiry_needs_the_pages_token_and_a_way_to_call_back(app, company):
    stranger = app.test_client()
    assert stranger.post("/enquire", data={"area": "columbus", "name": "Mira"}).status_code == 400
    token = token_of(stranger.get("/enquire").text)
    answer = stranger.post("/enquire", data={"csrf_token": token, "area": "columbus", "name": "Mira"})
    assert answer.status_code == 422
    assert "telephone number or an e-mail address is missing" in answer.text
    assert 'value="Mira"' in answer.text


def test_looking_at_a_link_uses_nothing_up_and_opening_it_does(app, begin, case_id, clock):
    secret = a_link(begin, case_id, clock)
    scanner = app.test_client()
    for _ in range(3):
        assert scanner.get(f"/p/{secret}").status_code == 200
    assert opened(app, secret).get("/my").status_code == 200
    late = app.test_client()
    assert late.get(f"/p/{secret}").status_code == 404
    token = token_of(late.get("/enquire").text)
    assert late.post(f"/p/{secret}", data={"csrf_token": token}).status_code == 404


@pytest.mark.parametrize("wait", [timedelta(hours=72), timedelta(days=400)])
def test_an_expired_link_opens_nothing(app, begin, case_id, clock, wait):
    secret = a_link(begin, case_id, clock)
    clock.advance(wait)
    assert app.test_client().get(f"/p/{secret}").status_code == 404


def test_a_link_cannot_be_opened_from_another_site(app, begin, case_id, clock):
    secret = a_link(begin, case_id, clock)
    assert app.test_client().post(f"/p/{secret}").status_code == 400
    assert app.test_client().get(f"/p/{secret}").status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(app, begin, case_id, clock):
    device = app.test_client()
    secret = a_link(begin, case_id, clock)
    token = token_of(device.get(f"/p/{secret}").text)
    answer = device.post(f"/p/{secret}", data={"csrf_token": token})
    cookie = next(each for each in answer.headers.getlist("Set-Cookie") if "link=" in each)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_device_closes_by_the_clock_by_the_office_and_by_the_patient(app, begin, case_id, clock):
    first, second, third = (opened(app, a_link(begin, case_id, clock)) for _ in range(3))
    with begin() as session:
        link_id = queries.links_of(session, case_id)[-1].link_id
        device = session.scalar(
            sa.select(LinkedDeviceRow).order_by(LinkedDeviceRow.opened_at, LinkedDeviceRow.id)
        )
        device.revoked_at = clock.now()
        assert device.link_id == link_id
    assert first.get("/my").status_code == 403
    assert second.post("/my/leave", data={"csrf_token": token_of(second.get("/my").text)}).status_code == 200
    assert second.get("/my").status_code == 403
    clock.advance(timedelta(days=7))
    assert third.get("/my").status_code == 403


def test_everything_but_her_own_pages_is_not_found_to_a_visitor(app, begin, case_id, clock):
    patient = opened(app, a_link(begin, case_id, clock))
    provider = opened(app, a_link(begin, case_id, clock, LinkPurpose.PROVIDER))
    wrong = []
    for method, address, declared in doors(app):
        for device, own in ((patient, PATIENT_LINK), (provider, PROVIDER_LINK)):
            status = device.open(address, method=method).status_code
            if declared != own and status != 404:
                wrong.append((method, address, status))
            if declared == own and method == "POST" and status != 400:  # no token, no deed
                wrong.append((method, address, status))
    assert not wrong


def test_staff_have_no_way_into_a_patients_own_pages(app, engine, dispatcher):
    assert dispatcher.get("/my").status_code == 403
    phone = a_phone(app, engine, a_person(app, engine, *Role, email="all@test.example"))
    assert phone.get("/my").status_code == 403


def test_an_answer_is_saved_by_itself_or_by_its_button(app, begin, case_id, clock):
    device = opened(app, a_link(begin, case_id, clock))
    token = token_of(device.get("/my").text)
    form = {"csrf_token": token, "deed": "answer", "item": "medical.seizures", "saying": "unknown"}
    by_itself = device.post("/my/medical", data=form, headers={"X-Autosave": "1"})
    assert by_itself.json == {"item": "medical.seizures", "saved": True}
    by_button = device.post("/my/medical", data=form | {"saying": "no"})
    assert by_button.location.endswith("/my/medical#medical.seizures")
    with begin() as session:
        assert queries.histories(session, case_id).said("medical.seizures") is Saying.NO


def test_what_was_answered_shows_on_another_device(app, begin, case_id, clock):
    first = opened(app, a_link(begin, case_id, clock))
    sent(first, "medical", deed="answer", item="medical.heart", saying="yes", detail="In 2019.")
    page = first.post(
        "/my/links", data={"csrf_token": token_of(first.get("/my").text), "purpose": "patient"}
    ).text
    secret = re.search(r"/p/([\w-]+)", page)[1]
    second = opened(app, secret)
    assert "In 2019." in second.get("/my/medical").text
    assert second.get(f"/p/{secret}").status_code == 404


def test_a_refused_answer_is_said_beside_it_and_nothing_is_kept(app, begin, case_id, clock):
    device = opened(app, a_link(begin, case_id, clock))
    form = {"deed": "answer", "item": "medical.seizures", "csrf_token": token_of(device.get("/my").text)}
    by_itself = device.post("/my/medical", data=form, headers={"X-Autosave": "1"})
    assert by_itself.status_code == 422
    assert by_itself.json["texts"] == ["Choose yes, no or I don't know. “I don't know” is an answer."]
    assert device.post("/my/medical", data=form | {"deed": "treat"}).status_code == 422
    with begin() as session:
        assert not queries.histories(session, case_id).answers


def test_a_line_of_another_patients_list_is_not_found(app, begin, company, case_id, clock):
    with begin() as session:
        other = an_enquiry(session, company, clock).case_id
        fill(session, other, clock, {"about"})
    theirs = opened(app, a_link(begin, other, clock))
    sent(theirs, "medications", deed="medication", name="Sertraline")
    with begin() as session:
        entry_id = queries.medication_list(session, other).entries[0].entry_id
    mine = opened(app, a_link(begin, case_id, clock))
    answer = sent(mine, "medications", deed="remove_medication", entry_id=str(entry_id))
    assert answer.status_code == 404
    assert "Sertraline" not in mine.get("/my/medications").text


def test_a_misspelt_medicine_is_asked_about(app, begin, case_id, clock):
    device = opened(app, a_link(begin, case_id, clock))
    sent(device, "medications", deed="medication", name="theophyline")
    page = device.get("/my/medications").text
    assert "Did you mean <b>theophylline</b>?" in page
    assert "stop" not in re.sub(r"<[^>]+>", "", page).lower()


def test_the_outside_provider_signs_on_one_page(app, begin, case_id, clock):
    device = opened(app, a_link(begin, case_id, clock, LinkPurpose.PROVIDER))
    page = device.get("/acknowledge").text
    form = {
        "csrf_token": token_of(page),
        "role": "physician",
        "licence_number": "35.1",
        "licence_state": "oh",
    }
    assert device.post("/acknowledge", data=form).status_code == 422
    assert "holds until 2027-11-23" in device.post("/acknowledge", data=form | {"signer": "Ines Ash"}).text


def test_the_dispatcher_sees_the_clock_and_what_is_overdue(dispatcher, case_id, clock):
    page = dispatcher.get("/board/columbus/enquiries").text
    assert "call by Tue 24 Nov 17:00" in page
    clock.advance(timedelta(days=2))
    assert "overdue since Tue 24 Nov 17:00" in dispatcher.get("/board/columbus/enquiries").text


def test_an_intake_by_telephone_gets_its_patient(app, begin, dispatcher, company, clock):
    head = csrf(dispatcher)
    new = {"name": "Mira Quince", "phone": "+1 614 555 0142"}
    place = dispatcher.post("/board/columbus/enquiries", data=new, headers=head).location
    about = {
        "deed": "about", "name": "Mira Quince", "phone": "+1 614 555 0142", "born_on": "1984-03-09",
        "address": "12 Elm St, Columbus, OH 43215", "state": "oh",
    }  # fmt: skip
    assert dispatcher.post(f"{place}/about", data=about, headers=head).status_code == 303
    assert "Register as a patient" in dispatcher.get(place).text
    registered = dispatcher.post(place, data={"deed": "register", "reference": "P-77"}, headers=head)
    assert registered.status_code == 303, registered.text
    with begin() as session:
        [case] = queries.cases_in(session, (CaseState.INTAKE_OPEN,))
        assert case.patient_id is not None
        assert case.contacted_at == clock.now()


ADULT = {
    "name": "Ben Friend", "phone": "+1 614 555 0177", "relation": "friend", "of_age": "yes",
    "can_drive": "yes", "chosen_by_patient": "yes",
}  # fmt: skip


@pytest.fixture
def registered_case(begin, clock):
    """A case whose patient is registered, and nothing booked."""
    with begin() as session:
        scene = registered(a_scene(session, clock))
        return scene.case_id, scene.patient_id


def test_the_adult_is_named_by_telephone_before_a_booking(dispatcher, begin, registered_case):
    case_id, patient_id = registered_case
    head, place = csrf(dispatcher), f"/intake/{case_id}"
    page = dispatcher.get(place).text
    assert "Nobody is named yet" in page
    assert 'href="/series/columbus"' in page
    refused = dispatcher.post(place, data=ADULT | {"deed": "adult", "phone": "call me"}, headers=head)
    assert refused.status_code == 422
    assert 'value="Ben Friend"' in refused.text
    assert dispatcher.post(place, data=ADULT | {"deed": "adult"}, headers=head).status_code == 303
    with begin() as session:
        found = responsible_adult(session, patient_id)
        assert (found.name, found.of_age, found.can_drive) == ("Ben Friend", True, True)
    assert "Ben Friend (friend)" in dispatcher.get(place).text


def test_no_adult_is_named_for_somebody_who_is_not_registered(dispatcher, case_id):
    answer = dispatcher.post(f"/intake/{case_id}", data=ADULT | {"deed": "adult"}, headers=csrf(dispatcher))
    assert answer.status_code == 409
    assert "Register the patient first." in answer.text


def test_a_patient_names_her_adult_before_a_first_visit_is_booked(app, begin, registered_case, clock):
    case_id, patient_id = registered_case
    device = opened(app, a_link(begin, case_id, clock))
    page = device.get("/visit").text
    assert "Without an adult we cannot begin." in page
    assert device.post("/visit/adult", data=ADULT | {"csrf_token": token_of(page)}).status_code == 303
    with begin() as session:
        assert responsible_adult(session, patient_id).name == "Ben Friend"
    assert "Ben Friend (friend) is with you" in device.get("/visit").text


def test_a_sent_link_is_shown_once_and_queued(dispatcher, begin, case_id):
    head = csrf(dispatcher)
    page = dispatcher.post(f"/intake/{case_id}", data={"deed": "link"}, headers=head).text
    assert re.search(r'class="address">http://localhost/p/[\w-]{40,}<', page)
    assert "/p/" not in dispatcher.get(f"/intake/{case_id}").text


def test_a_case_is_closed_with_a_reason_only(dispatcher, begin, case_id):
    head = csrf(dispatcher)
    refused = dispatcher.post(f"/intake/{case_id}", data={"deed": "close", "reason": ""}, headers=head)
    assert refused.status_code == 422
    dispatcher.post(f"/intake/{case_id}", data={"deed": "close", "reason": "changed her mind"}, headers=head)
    with begin() as session:
        assert queries.case_view(session, case_id).state is CaseState.CLOSED


@pytest.mark.parametrize("place", ["", "/about", f"/documents/{NOBODYS}"])
def test_a_case_that_is_not_there_is_not_found(dispatcher, company, place):
    assert dispatcher.get(f"/intake/{NOBODYS}{place}").status_code == 404


def test_a_document_is_handed_out_and_never_shown_within_our_pages(dispatcher, begin, case_id):
    form = {
        "deed": "purpose",
        "indications": "crps",
        "source": "fax",
        "file": (BytesIO(b"%PDF-1.4 x"), "fax.pdf"),
    }
    assert (
        dispatcher.post(f"/intake/{case_id}/purpose", data=form, headers=csrf(dispatcher)).status_code == 303
    )
    link = re.search(rf"/intake/{case_id}/documents/[\w-]+", dispatcher.get(f"/intake/{case_id}").text)[0]
    answer = dispatcher.get(link)
    assert answer.data == b"%PDF-1.4 x"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
