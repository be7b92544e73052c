"""Booking by the page: without script first, then as seen and walked in a browser."""

import re
from datetime import UTC, datetime

import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe

from api.pages.dispatcher import booking
from dispatch.appointments.records import AppointmentRow
from dispatch.appointments.rules.catalogue import WHY_NOT_OFFERED
from dispatch.appointments.service import seed_catalogue
from dispatch.appointments.service.patients import name_index
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from dispatch.workforce.service import remove_shift
from tests.builders.assignment import DANA, DAY, a_published_plan, a_small_day
from tests.builders.web import a_browser, a_person, csrf, keyring_of_app

EMAIL = "dana@test.example"
PAGE = "/board/columbus/booking"


@pytest.fixture
def metro(app, engine, clock):
    a_person(app, engine, Role.DISPATCHER, email=EMAIL)
    with transaction(engine, keyring_of_app(app)) as session:
        session.expire_on_commit = False
        metro = a_small_day(session)
        index = name_index(session, "Emil Roth")
        metro.add_visit((8, 8.25), name="Emil Roth", patient={"name_index": index})
        a_published_plan(session, metro, clock)
    return metro


@pytest.fixture
def dana(app, metro):
    return a_browser(app, EMAIL)


def find(dana, who="P-5", **more):
    form = {"who": who, "service": "hydration", "first_day": DAY.isoformat()} | more
    return dana.post(f"{PAGE}/patient", data=form, headers=csrf(dana), follow_redirects=True)


def form_of(page):
    """The fields that a browser would send of the form with the times, the first time chosen."""
    whole = page.text[page.text.index('class="choose"') :]
    sent = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', whole))
    sent["offer"] = re.search(r'name="offer"[^>]*value="([^"]+)"', whole)[1]
    sent["reference"] = re.search(r'name="reference"[^>]*value="([^"]+)"', whole)[1]
    return sent


def booked(app, engine, reference):
    with transaction(engine, keyring_of_app(app)) as session:
        return session.query(AppointmentRow).filter_by(reference=reference).count()


@pytest.mark.parametrize("who", ["P-5", " emil  roth "])
def test_times_are_found_by_reference_or_name_and_read_in_plain_words(dana, who):
    page = find(dana, who)
    assert page.status_code == 200
    assert "Mon 23 Nov" in page.text
    assert re.search(r"\+\$\d+\.\d\d", page.text)
    assert "2 nurses could" in page.text
    assert "Emil" not in page.request.full_path
    assert "Emil" not in page.text


def test_days_without_a_time_say_why(dana):
    assert "No nurse works that day." in find(dana).text


def test_patients_of_one_name_are_told_apart(dana, app, engine, metro):
    with transaction(engine, keyring_of_app(app)) as session:
        metro.session = session
        index = name_index(session, "Emil Roth")
        metro.add_visit((9, 10), name="Emil Roth", patient={"name_index": index})
    page = find(dana, "Emil Roth")
    assert re.findall(r'<a href="[^"]+patient=[^"]+">(P-\d)</a>', page.text) == ["P-5", "P-6"]


def test_nobody_of_that_name(dana):
    page = find(dana, "Nobody Here")
    assert page.status_code == 404
    assert "no patient of that reference or name" in page.text


def test_the_chosen_time_is_booked_and_the_board_opens_on_it(dana, app, engine):
    form = form_of(find(dana))
    answer = dana.post(PAGE, data=form, headers=csrf(dana))
    assert answer.status_code == 303
    assert answer.location.startswith(f"/board/columbus/{form['offer'][:10]}?visit=")
    assert booked(app, engine, form["reference"]) == 1


def test_a_form_sent_twice_books_once(dana, app, engine):
    form = form_of(find(dana))
    first, again = (dana.post(PAGE, data=form, headers=csrf(dana)) for _ in range(2))
    assert (again.status_code, again.location) == (303, first.location)
    assert booked(app, engine, form["reference"]) == 1


def test_a_time_that_is_gone_is_refused_and_others_are_offered(dana, app, engine, clock, metro):
    form = form_of(find(dana))
    with transaction(engine, keyring_of_app(app)) as session:
        for shift in metro.shifts:
            remove_shift(session, shift.id, DANA, clock)
    page = dana.post(PAGE, data=form, headers=csrf(dana))
    assert page.status_code == 409
    assert "Nobody can keep that promise any more" in page.text
    assert "days have no time" in page.text


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"offer": ""}, 422, "Choose one of the times."),
        ({"patient": "somebody"}, 422, "Choose a patient first."),
        ({"reference": ""}, 422, "reference"),
        ({"priority": "9"}, 422, "Between 1 and 5."),
        ({"service": "ketamine"}, 422, "needs a signed order"),
    ],
)
def test_what_is_wrong_with_the_form_is_said_above_it(dana, change, status, said):
    page = dana.post(PAGE, data=form_of(find(dana)) | change, headers=csrf(dana))
    assert (page.status_code, said in page.text) == (status, True)


@pytest.mark.parametrize("service", ["ketamine_oral", "ketamine_sublingual", "ketamine_intranasal"])
def test_what_is_never_given_at_home_is_refused_with_the_reason(app, engine, clock, dana, service):
    with transaction(engine, keyring_of_app(app)) as session:
        seed_catalogue(session, DANA, clock)
    form = form_of(find(dana))
    page = dana.get(PAGE, query_string={"patient": form["patient"], "service": service})
    assert (page.status_code, WHY_NOT_OFFERED[service] in page.text) == (422, True)
    page = dana.post(PAGE, data=form | {"service": service}, headers=csrf(dana))
    assert (page.status_code, WHY_NOT_OFFERED[service] in page.text) == (422, True)
    assert WHY_NOT_OFFERED[service] in dana.get(PAGE).text


def test_hours_that_nobody_can_read_are_refused(dana):
    patient = form_of(find(dana))["patient"]
    page = dana.get(PAGE, query_string={"patient": patient, "service": "hydration", "earliest": "noonish"})
    assert page.status_code == 422
    assert "earliest" in page.text


ATE = {"last_solids_at": "2026-11-22T19:00", "last_clear_at": "2026-11-23T05:00"}


def test_when_she_ate_stands_in_no_address_and_goes_with_the_booking(dana, monkeypatch):
    form = {"who": "P-5", "service": "hydration", "first_day": DAY.isoformat()} | ATE
    page = dana.post(f"{PAGE}/patient", data=form, headers=csrf(dana))
    assert page.status_code == 200
    html5lib.HTMLParser(strict=True).parse(page.text)
    sent, drafts = form_of(page), []
    assert ATE.items() <= sent.items()
    book = booking.book_slot

    def noted(session, patient_id, draft, *more):
        drafts.append(draft)
        return book(session, patient_id, draft, *more)

    monkeypatch.setattr(booking, "book_slot", noted)
    answer = dana.post(PAGE, data=sent, headers=csrf(dana))
    assert answer.status_code == 303
    assert "last_" not in answer.location
    [draft] = drafts
    assert draft.fasting.last_solids_at == datetime(2026, 11, 23, 0, tzinfo=UTC)
    assert draft.fasting.last_clear_at == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert draft.fasting.last_fatty_at is None


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"last_solids_at": "2026-11-22T19:00"}, "Both are needed"),
        (ATE | {"last_clear_at": "at noon"}, "Write the moment as"),
        (ATE | {"last_fatty_at": "9999-11-22T19:00"}, "Write the moment as"),
    ],
)
def test_half_of_it_or_what_nobody_can_read_is_refused(dana, typed, said):
    page = find(dana, **typed)
    assert page.status_code == 422
    assert said in page.text


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fasting_is_typed_and_axe_finds_nothing(metro, open_page, scheme, tmp_path):
    page = open_page(EMAIL, PAGE, color_scheme=scheme)
    page.fill("[name=who]", "P-5")
    page.select_option("[name=service]", "hydration")
    page.click(".fasting summary")
    for name, typed in ATE.items():
        page.fill(f"[name={name}]", typed)
    page.click("text=Find times")
    page.wait_for_selector(".offers")
    assert Axe().run(page).response["violations"] == []
    page.screenshot(path=tmp_path / "fasting.png")
    assert "last_" not in page.url
    assert page.errors == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_walked_by_keyboard_and_axe_finds_nothing(metro, open_page, scheme):
    page = open_page(EMAIL, f"/board/columbus/{DAY}", color_scheme=scheme)
    page.click("#booking")
    page.fill("[name=who]", "P-5")
    page.select_option("[name=service]", "hydration")
    page.keyboard.press("Tab")
    page.press("[name=who]", "Enter")
    page.wait_for_selector(".offers")
    assert Axe().run(page).violations_count == 0
    page.focus("[name=offer]")
    page.keyboard.press("ArrowDown")
    chosen = page.eval_on_selector("[name=offer]:checked", "radio => radio.value")
    page.click("text=Book it")
    page.wait_for_url(f"**/board/columbus/{chosen[:10]}?visit=*")
    page.wait_for_selector("#panel h2")
    assert page.errors == []


@pytest.mark.browser
def test_it_works_without_script(metro, open_page, chromium, live_server):
    page = open_page(EMAIL, PAGE, java_script_enabled=False)
    page.fill("[name=who]", "P-5")
    page.select_option("[name=service]", "hydration")
    page.click("text=Find times")
    page.click("text=Book it")
    assert "?visit=" in page.url
