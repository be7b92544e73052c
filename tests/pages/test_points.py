"""A patient's door, confirmed and put right by the page: by its fields, and on the map in Chromium."""

import html5lib
import pytest

from dispatch.appointments.records import PatientRow
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.assignment import a_small_day
from tests.builders.web import a_browser, a_person, csrf, keyring_of_app

EMAIL = "dana@test.example"
LIST = "/board/columbus/points"


@pytest.fixture
def begin(app, engine):
    return lambda: transaction(engine, keyring_of_app(app))


@pytest.fixture
def patient_id(app, begin, engine):
    """A patient of the day whose address is known by its ZIP code alone."""
    a_person(app, engine, Role.DISPATCHER, email=EMAIL)
    placed = {"point_source": "zip_centroid", "point_verified": False, "state": "OH"}
    with begin() as session:
        metro = a_small_day(session)
        metro.add_visit((8, 8.25), name="Emil Roth", patient=placed)
        return session.query(PatientRow).filter_by(point_verified=False).one().id


@pytest.fixture
def place(patient_id):
    return f"{LIST}/{patient_id}"


@pytest.fixture
def dana(app, patient_id):
    return a_browser(app, EMAIL)


def form_of(dana, place, **more):
    page = dana.get(place).text
    html5lib.HTMLParser(strict=True).parse(page)
    version = page.partition('name="version" value="')[2].partition('"')[0]
    return {"version": version, "lat": "39.970123", "lon": "-83.001234"} | more


def confirm(dana, place, form):
    return dana.post(place, data=form, headers=csrf(dana))


def kept(begin, patient_id):
    with begin() as session:
        row = session.get_one(PatientRow, patient_id)
        return row.point, row.point_source, row.point_verified


def test_the_list_names_who_waits_how_it_is_known_and_when_she_is_visited(dana, place):
    page = dana.get(LIST).text
    html5lib.HTMLParser(strict=True).parse(page)
    assert place in page
    assert page.count("only the middle of its ZIP code") == 1
    assert "visit Mon 23 Nov" in page
    assert "Emil" not in page


def test_the_page_says_where_how_it_is_known_and_whose_law_counts(dana, place):
    page = dana.get(place).text
    assert "only the middle of its ZIP code" in page
    assert "<strong>not confirmed</strong>" in page
    assert "<strong>OH</strong>" in page


def test_a_door_is_confirmed_by_its_fields_and_leaves_the_list(begin, dana, place, patient_id):
    answer = confirm(dana, place, form_of(dana, place))
    assert (answer.status_code, answer.location) == (303, f"{place}?done=confirmed")
    assert kept(begin, patient_id) == ("39.970123,-83.001234", "dispatcher", True)
    assert "visits there are planned from now on" in dana.get(answer.location).text
    assert "Every patient's door is confirmed." in dana.get(LIST).text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"lat": "91"}, "Latitude lies between -90 and 90 degrees."),
        ({"lon": "-181"}, "Longitude lies between -180 and 180 degrees."),
        ({"lat": "nan"}, "lat: "),
        ({"lat": ""}, "lat: "),
        ({"lat": "0", "lon": "0"}, "lies in the sea"),
        ({"version": "soon"}, "Give a whole number."),
    ],
)
def test_a_point_that_cannot_be_is_refused_and_kept_to_be_put_right(
    begin, dana, place, patient_id, wrong, said
):
    form = form_of(dana, place, **wrong)
    page = confirm(dana, place, form)
    assert page.status_code == 422
    assert said in page.text
    assert (
        f'name="lon" required inputmode="decimal" maxlength="20" autocomplete="off" value="{form["lon"]}"'
        in page.text
    )
    assert kept(begin, patient_id)[1:] == ("zip_centroid", False)


def test_an_address_that_changed_meanwhile_is_looked_at_again(begin, dana, place, patient_id):
    form = form_of(dana, place)
    with begin() as session:
        session.get_one(PatientRow, patient_id).address = "9 Other Street, Columbus, OH"
    page = confirm(dana, place, form)
    assert page.status_code == 412
    assert "9 Other Street" in page.text
    assert kept(begin, patient_id)[1:] == ("zip_centroid", False)


def test_a_confirmed_door_is_found_by_reference_to_be_put_right(dana):
    answer = dana.post(LIST, data={"who": "P-1"}, headers=csrf(dana))
    assert answer.status_code == 303
    assert "<strong>confirmed</strong>" in dana.get(answer.location).text


def test_nobody_of_that_name(dana):
    page = dana.post(LIST, data={"who": "Nobody Here"}, headers=csrf(dana))
    assert page.status_code == 404
    assert "no patient of that reference or name" in page.text


def test_booking_leads_to_the_door_that_keeps_it_back(dana, place, patient_id):
    asked = {"patient": str(patient_id), "service": "hydration"}
    page = dana.get("/board/columbus/booking", query_string=asked)
    assert page.status_code == 409
    assert "The point of the patient&#39;s address is not confirmed." in page.text
    assert f'href="{place}"' in page.text


@pytest.mark.browser
def test_a_door_is_moved_on_the_map_and_the_fields_follow(open_page, begin, dana, place, patient_id):
    page = open_page(EMAIL, place)
    before = page.input_value("#lat"), page.input_value("#lon")
    there = page.locator("#map").bounding_box()
    page.mouse.click(there["x"] + 60, there["y"] + 60)
    north, west = float(page.input_value("#lat")), float(page.input_value("#lon"))
    assert north > float(before[0])
    assert west < float(before[1])
    page.fill("#lat", "39.95")
    page.locator(".door").drag_to(page.locator("#map"), target_position={"x": 200, "y": 100})
    assert page.input_value("#lat") != "39.95"
    moved = f"{page.input_value('#lat')},{page.input_value('#lon')}"
    with page.expect_navigation():
        page.click("text=This is the door")
    assert kept(begin, patient_id) == (moved, "dispatcher", True)
