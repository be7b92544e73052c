"""Questions and assays on the compliance screen: shown with their arithmetic, answered, measured."""

import html5lib
import pytest

from dispatch.custody.signals import queries
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.signals import carried_back, off_shift_scene
from tests.builders.web import a_browser, a_person, csrf, keyring_of_app

LIST = "/custody/columbus/questions"
ASSAYS = "/custody/columbus/assays"


@pytest.fixture
def officer(app, engine):
    a_person(app, engine, Role.COMPLIANCE, email="officer@test.example")
    return a_browser(app, "officer@test.example")


@pytest.fixture
def line(app, engine, officer, clock):
    """A question about N-07, off shift six times, asked by the button of the page."""
    with transaction(engine, keyring_of_app(app)) as session:
        scene = off_shift_scene(session)
    clock.at = scene.clock.now()
    answer = officer.post(LIST, headers=csrf(officer))
    assert answer.status_code == 303
    with transaction(engine, keyring_of_app(app)) as session:
        (found,) = queries.questions(session, scene.area_id)
    return found


def an_answer(officer, line, **more):
    sent = {"answer": "explained", "text": "She was called back to a visit.", "seen": "0"} | more
    return officer.post(f"/custody/questions/{line.signal_id}", data=sent, headers=csrf(officer))


def test_a_question_stands_in_the_list_with_its_arithmetic(officer, line):
    page = officer.get(LIST).text
    assert "N-07 handled drug 6 times while not on" in page
    assert "6 of 12 (50 %)" in page
    assert "beta-binomial tail" in page


def test_a_question_leads_to_each_of_its_events(officer, line):
    page = officer.get(f"/custody/questions/{line.signal_id}").text
    assert page.count("#event-3") == 6


def test_an_answer_takes_the_question_off_the_list_of_what_waits(officer, line):
    assert an_answer(officer, line).status_code == 303
    assert "No question fits the filter." in officer.get(LIST).text
    kept = officer.get(f"{LIST}?standing=explained").text
    assert "She was called back to a visit." in kept


def test_a_refused_answer_keeps_its_words_and_says_why(officer, line):
    answer = an_answer(officer, line, text="short", answer="explained")
    assert answer.status_code == 422
    assert "explanation_missing" in answer.text
    assert ">short</textarea>" in answer.text


def test_an_answer_of_an_old_page_is_refused(officer, line):
    an_answer(officer, line, answer="watch")
    answer = an_answer(officer, line)
    assert answer.status_code == 409
    assert "answered_meanwhile" in answer.text


def test_odd_input_is_refused_and_breaks_nothing(officer, line):
    for field in ("seen", "answer", "text"):
        for value in ("", "-1", "９", "1" * 5000, "<script>", "=cmd()"):
            answer = an_answer(officer, line, **{field: value})
            assert answer.status_code in {409, 422}, (field, value)
            assert "<script>" not in answer.text


def test_a_case_is_opened_from_a_question(officer, line):
    assert an_answer(officer, line, answer="case").status_code == 303
    page = officer.get(f"/custody/questions/{line.signal_id}").text
    assert "The case" in page
    assert "Record the answer" not in page


def test_filters_find_by_signal_and_nurse(officer, line):
    assert "1 of 1 questions" in officer.get(f"{LIST}?rule=off_shift&nurse=N-07").text
    assert "0 of 1 questions" in officer.get(f"{LIST}?rule=waste_pair").text


def test_a_nurse_sees_no_questions(app, engine, line):
    a_person(app, engine, Role.NURSE, email="nina@test.example")
    assert a_browser(app, "nina@test.example").get(LIST).status_code == 403


def test_the_api_shows_and_answers_the_same(officer, line):
    (shown,) = officer.get("/api/v1/custody/areas/columbus/questions").json
    assert shown["text"] == line.text
    assert ["observed", "6 of 12 (50 %)"] in shown["arithmetic"]
    answered = officer.post(
        f"/api/v1/custody/questions/{line.signal_id}/answers",
        json={"answer": "watch", "text": "To be looked at next month."},
        headers=csrf(officer) | {"Idempotency-Key": "k-1"},
    )
    assert (answered.status_code, answered.json["standing"]) == (201, "watched")


@pytest.fixture
def residual(app, engine, clock, officer):
    """A residual that was carried back and drawn."""
    with transaction(engine, keyring_of_app(app)) as session:
        scene = carried_back(session)
    clock.at = scene.clock.now()
    with transaction(engine, keyring_of_app(app)) as session:
        (line,) = queries.assays(session, scene.area_id)
    return line


def measured(officer, residual, **more):
    sent = {"measured_mg_per_ml": "50", "volume_ml": "9.380", "laboratory": "State lab, HPLC"} | more
    return officer.post(f"/custody/assays/{residual.task_id}", data=sent, headers=csrf(officer))


def test_a_measurement_that_agrees_is_kept(officer, residual):
    assert "Vial 7F0" in officer.get(ASSAYS).text
    assert measured(officer, residual).status_code == 303
    assert "agrees" in officer.get(ASSAYS).text


def test_saline_shows_as_what_does_not_agree_with_its_case(officer, residual):
    assert measured(officer, residual, measured_mg_per_ml="0").status_code == 303
    page = officer.get(ASSAYS).text
    assert "does not agree" in page
    assert "The case" in page


def test_a_measurement_that_is_none_is_refused(officer, residual):
    for field in ("measured_mg_per_ml", "volume_ml"):
        for value in ("", "abc", "-5", "1e400", "٣", "9" * 400):
            assert measured(officer, residual, **{field: value}).status_code == 422, (field, value)
    assert measured(officer, residual, laboratory=" ").status_code == 422


def test_a_pharmacist_measures_too(app, engine, residual):
    a_person(app, engine, Role.PHARMACIST, email="paula@test.example")
    pharmacist = a_browser(app, "paula@test.example")
    assert measured(pharmacist, residual).status_code == 303


def test_the_api_keeps_a_measurement(officer, residual):
    (shown,) = officer.get("/api/v1/custody/areas/columbus/assays").json
    sent = {"measured_ug_per_ml": 0, "volume_ul": 9_380, "laboratory": "State lab, HPLC"}
    answer = officer.post(
        f"/api/v1/custody/assays/{shown['task_id']}/results",
        json=sent,
        headers=csrf(officer) | {"Idempotency-Key": "k-2"},
    )
    assert answer.status_code == 201
    assert answer.json["results"][0]["passed"] is False


def test_the_weeks_show_their_commitments(officer, residual):
    assert officer.post(ASSAYS, headers=csrf(officer)).status_code == 303
    page = officer.get(ASSAYS).text
    assert page.count("seed still secret") == 2


def test_the_pages_are_valid_html(officer, line):
    parser = html5lib.HTMLParser(strict=True)
    for address in (LIST, f"/custody/questions/{line.signal_id}", ASSAYS):
        parser.parse(officer.get(address).text)
