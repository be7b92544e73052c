"""/clearance by hand: what waits, a case with everything unmet, forms that sign, alarms."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import html5lib
import pytest

from dispatch.clearance.commands import NewScore, NewTask
from dispatch.clearance.model import Occasion, Scale, TaskKind
from dispatch.clearance.queries import clearance_of_case
from dispatch.clearance.records import ConsultationRow
from dispatch.clearance.service import raise_alarm, record_score
from dispatch.kernel.actor import SYSTEM, AccountId, Actor, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from tests.builders.clearance import a_scene, cleared, enter, examined
from tests.builders.company import ADMIN
from tests.builders.web import PASSWORD, a_browser, a_person, csrf, keyring_of_app

MAIL = "doctor@test.example"


@pytest.fixture
def doctor(app, engine):
    account_id = a_person(app, engine, Role.PRESCRIBER, email=MAIL)
    return Actor(
        account_id=AccountId(account_id), name="doctor", roles=frozenset({Role.PRESCRIBER}),
        session_ref="browser:1",
    )  # fmt: skip


@pytest.fixture
def scene_of(app, engine, clock, doctor):
    """Build a scene whose prescriber is the person at the screen, and commit it."""

    def build(shape):
        with transaction(engine, keyring_of_app(app)) as session:
            enter(session, clock, doctor.account_id)
            scene = shape(a_scene(session, clock, doctor))
            return scene.case_id

    return build


@pytest.fixture
def screen(app, doctor):
    return a_browser(app, MAIL)


def sent(screen, place, **form):
    """Fill in and send a form of the page."""
    signed = {"event_id": str(new_id()), "own_secret": PASSWORD}
    return screen.post(place, data=signed | form, headers=csrf(screen))


def standing(app, engine, case_id, clock):
    with transaction(engine, keyring_of_app(app)) as session:
        return clearance_of_case(session, case_id, clock.now())


def strict(page):
    html5lib.HTMLParser(strict=True).parse(page)


def an_alarm(scene):
    new = NewScore(
        subject=scene.subject, scale=Scale.CSSRS, answers=(1, 1, 1, 1, 0, 0, None), taken_at=scene.now,
        occasion=Occasion.BEFORE_VISIT,
    )  # fmt: skip
    record_score(scene.session, new, SYSTEM, scene.clock)
    return scene


def test_nothing_waits_and_nobody_signs_who_is_not_entered(app, engine, screen):
    page = screen.get("/clearance").text
    assert "Nothing waits" in page
    assert "You can look, but not sign" in page
    strict(page)


def test_the_first_page_leads_a_prescriber_to_the_queue(screen):
    assert screen.get("/").location == "/clearance"


def test_a_case_that_waits_for_its_decision_says_since_when_by_her_areas_clock(screen, scene_of, clock):
    scene_of(examined)
    page = screen.get("/clearance?kind=decision").text
    strict(page)
    since = clock.now().astimezone(ZoneInfo("America/New_York"))
    assert "since <time" in page
    assert f"{since:%d %b %Y %H:%M %Z}" in page


def test_only_prescribers_see_it(app, engine):
    a_person(app, engine, Role.DISPATCHER, email="desk@test.example")
    assert a_browser(app, "desk@test.example").get("/clearance").status_code == 403


def test_a_case_shows_everything_unmet_by_name_and_class(screen, scene_of):
    def shape(scene):
        scene.say("medical.pregnant", "yes")
        scene.say("medical.bladder", "unknown")
        scene.takes("Theo-24", "300 mg")
        return scene

    case_id = scene_of(shape)
    page = screen.get(f"/clearance/cases/{case_id}").text
    for words in (
        "There is, or may be, a pregnancy.",
        "aminophylline or theophylline",
        "What is unknown blocks",
    ):
        assert words in page
    assert page.count('class="class block"') >= 3
    assert page.count('class="class required"') >= 5
    strict(page)


def test_a_decision_is_signed_on_the_page(app, engine, clock, screen, scene_of):
    case_id = scene_of(examined)
    answer = sent(
        screen, f"/clearance/cases/{case_id}/decision", decision="candidate", reason="Talked it over."
    )
    assert answer.status_code == 303, answer.text
    assert standing(app, engine, case_id, clock).cleared
    page = screen.get(f"/clearance/cases/{case_id}").text
    assert "Talked it over." in page
    strict(page)


def test_a_wrong_password_decides_nothing_and_keeps_the_words(app, engine, clock, screen, scene_of):
    case_id = scene_of(examined)
    answer = sent(
        screen, f"/clearance/cases/{case_id}/decision", decision="candidate", reason="Talked it over.",
        own_secret="wrong",
    )  # fmt: skip
    assert answer.status_code == 403
    assert "Talked it over.</textarea>" in answer.text
    assert "wrong" not in answer.text
    assert not standing(app, engine, case_id, clock).cleared


def test_a_refused_decision_lists_every_block_with_its_way_out(screen, scene_of):
    case_id = scene_of(lambda scene: scene)
    answer = sent(
        screen, f"/clearance/cases/{case_id}/decision", decision="candidate", reason="Talked it over."
    )
    assert answer.status_code == 409
    refused = set(re.findall(r'data-code="([^"]+)"', answer.text))
    assert {"consultation_missing", "evaluation_missing", "medication_review_missing"} <= refused
    strict(answer.text)


def test_consultation_evaluation_and_review_by_hand(app, engine, clock, screen, scene_of, doctor):
    case_id = scene_of(lambda scene: scene)
    with transaction(engine, keyring_of_app(app)) as session:
        row = ConsultationRow(
            id=new_id(), case_id=case_id, prescriber_id=doctor.account_id, mode="video",
            begins_at=clock.now() - timedelta(hours=1), minutes=45, status="booked", booked_at=clock.now(),
        )  # fmt: skip
        session.add(row)
        talk = row.id
    place = f"/clearance/cases/{case_id}"
    assert "Record the consultation" in screen.get(place).text
    found = {"audit_c_1": "1", "audit_c_2": "0", "audit_c_3": "0", "pdmp_checked_at": "2026-11-23T05:30"}
    answer = sent(screen, f"{place}/consultations/{talk}", pdmp_result="nothing", **found)
    assert answer.status_code == 303, answer.text
    seen = {"evaluated_at": "2026-11-23T05:00", "asa_class": "2", "weight_kg": "70.5"}
    assert sent(screen, f"{place}/evaluations", **seen).status_code == 303
    digest = re.search(r'name="digest" value="([^"]+)"', screen.get(place).text)[1]
    assert sent(screen, f"{place}/medications", digest=digest, plan="As it is.").status_code == 303
    page = screen.get(place).text
    assert "AUDIT-C 1" in page
    assert "70.5 kg" in page
    codes = {each.code for each in standing(app, engine, case_id, clock).unmet}
    assert codes == {"undecided", "phq9_missing", "cssrs_missing"}


def test_an_override_is_signed_until_a_day(screen, scene_of):
    def shape(scene):
        scene.say("medical.bladder", "yes")
        return examined(scene)

    case_id = scene_of(shape)
    form = {"rule": "cystitis", "reason": "Mild, treated.", "expires_on": "2026-12-20"}
    answer = sent(screen, f"/clearance/cases/{case_id}/overrides", **form)
    assert answer.status_code == 303, answer.text
    assert "cystitis: until" in screen.get(f"/clearance/cases/{case_id}").text


def test_treatment_is_held_and_released_by_hand(app, engine, clock, screen, scene_of):
    case_id = scene_of(cleared)
    place = f"/clearance/cases/{case_id}"
    assert sent(screen, f"{place}/hold", reason="She feels unwell.").status_code == 303
    assert standing(app, engine, case_id, clock).status == "on_hold"
    assert "treatment is on hold" in screen.get("/clearance").text
    assert sent(screen, f"{place}/release", reason="Well again.").status_code == 303
    assert standing(app, engine, case_id, clock).cleared


def test_an_alarm_stands_first_and_is_signed(screen, scene_of):
    scene_of(lambda scene: an_alarm(cleared(scene)))
    page = screen.get("/clearance").text
    assert "Speak to the patient live, now." in page
    place = re.search(r'href="(/clearance/tasks/[^"]+)"', page)[1]
    shown = screen.get(place).text
    assert "988" in shown
    strict(shown)
    assert sent(screen, place, answer="Spoke to her.", own_secret="").status_code == 403
    assert sent(screen, place, answer="Spoke to her; safe.").status_code == 303
    assert "Speak to the patient live, now." not in screen.get("/clearance").text


def test_a_question_needs_no_signature(app, engine, screen, scene_of):
    def shape(scene):
        task = NewTask(subject=scene.subject, kind=TaskKind.MEDICATION_QUESTION, text="Which one?")
        raise_alarm(scene.session, task, ADMIN, scene.clock)
        return scene

    scene_of(shape)
    place = re.search(r'href="(/clearance/tasks/[^"]+)"', screen.get("/clearance").text)[1]
    assert sent(screen, place, answer="I call her.", own_secret="").status_code == 303


def test_the_curve_of_phq9_is_drawn(screen, scene_of):
    def shape(scene):
        examined(scene)
        for days, answers in ((3, (1,) * 9), (7, (0,) * 8 + (None,)), (10, (0, 1) * 4 + (0,))):
            scene.clock.advance(timedelta(days=days))
            new = NewScore(
                subject=scene.subject, scale=Scale.PHQ9, answers=answers, taken_at=scene.now,
                occasion=Occasion.BEFORE_VISIT,
            )  # fmt: skip
            record_score(scene.session, new, SYSTEM, scene.clock)
        return scene

    case_id = scene_of(shape)
    page = screen.get(f"/clearance/cases/{case_id}").text
    assert page.count('class="score"') == 3
    assert "not whole" in page
    strict(page)


def test_odd_input_is_refused_and_breaks_nothing(screen, scene_of):
    case_id = scene_of(examined)
    place = f"/clearance/cases/{case_id}"
    odd = ["", "-1", "９", "1" * 400, "<script>", "2026-13-40", "NaN"]
    for path, field, form in (
        ("decision", "decision", {"reason": "Because."}),
        (
            "decision",
            "recheck_on",
            {"decision": "needs_prior_treatment", "target": "x", "reason": "Because."},
        ),
        ("overrides", "expires_on", {"rule": "cystitis", "reason": "Because."}),
        ("evaluations", "weight_kg", {"evaluated_at": "2026-11-23T05:00", "asa_class": "2"}),
        ("evaluations", "asa_class", {"evaluated_at": "2026-11-23T05:00", "weight_kg": "70"}),
        ("evaluations", "evaluated_at", {"asa_class": "2", "weight_kg": "70"}),
        ("consultations", "begins_at", {"minutes": "45", "mode": "video"}),
        ("medications", "digest", {}),
    ):
        for value in odd:
            answer = sent(screen, f"{place}/{path}", **form | {field: value})
            assert answer.status_code in {409, 422}, (path, field, value, answer.status_code)
            assert "<script>alert" not in answer.text


def test_a_case_that_is_not_there_is_not_found(screen, scene_of):
    scene_of(lambda scene: scene)
    assert screen.get(f"/clearance/cases/{new_id()}").status_code == 404
    assert screen.get(f"/clearance/tasks/{new_id()}").status_code == 404
    assert sent(screen, f"/clearance/cases/{new_id()}/hold", reason="Because.").status_code == 404


def test_the_baseline_scales_are_entered_by_hand(app, engine, clock, screen, scene_of):
    case_id = scene_of(lambda scene: scene)
    place = f"/clearance/cases/{case_id}"
    when = {"occasion": "baseline", "taken_at": "2026-11-23T05:30"}
    phq9 = when | {"scale": "phq9"} | {f"item_{n}": "1" for n in range(1, 9)} | {"item_9": "0"}
    gad7 = when | {"scale": "gad7"} | {f"item_{n}": "2" for n in range(1, 8)}
    cssrs = when | {"scale": "cssrs", "item_1": "0", "item_2": "0", "item_6": "0"}
    for form in (phq9, gad7, cssrs):
        answer = sent(screen, f"{place}/scores", **form)
        assert answer.status_code == 303, answer.text
    page = screen.get(place).text
    for row in (
        '<td>PHQ-9</td><td>baseline</td><td class="number">8</td>',
        "<td>GAD-7</td>",
        "<td>C-SSRS</td>",
    ):
        assert row in page
    codes = {each.code for each in standing(app, engine, case_id, clock).unmet}
    assert not {"phq9_missing", "cssrs_missing"} & codes
    strict(page)


def test_a_worrying_scale_raises_its_alarm_from_the_page(screen, scene_of):
    case_id = scene_of(lambda scene: scene)
    form = {"scale": "cssrs", "occasion": "consultation", "taken_at": "2026-11-23T05:30", "item_4": "1"}
    assert sent(screen, f"/clearance/cases/{case_id}/scores", **form).status_code == 303
    assert "Speak to the patient live, now." in screen.get("/clearance").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"scale": "bdi"},
        {"occasion": "recovery"},
        {"taken_at": ""},
        {"item_1": "4"},
        {"taken_at": "2027-01-01T09:00"},
    ],
)
def test_a_scale_that_cannot_be_is_refused_and_keeps_what_was_chosen(screen, scene_of, wrong):
    case_id = scene_of(lambda scene: scene)
    form = {"scale": "phq9", "occasion": "baseline", "taken_at": "2026-11-23T05:30", "item_2": "3"}
    answer = sent(screen, f"/clearance/cases/{case_id}/scores", **form | wrong)
    assert answer.status_code == 422
    if "scale" not in wrong:
        assert '<option value="3" selected>' in answer.text
    strict(answer.text)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_scale_is_entered_with_the_mouse(open_page, doctor, scene_of, scheme, tmp_path):
    from axe_playwright_python.sync_playwright import Axe

    case_id = scene_of(examined)
    page = open_page(MAIL, f"/clearance/cases/{case_id}", color_scheme=scheme)
    page.get_by_text("Enter a scale", exact=True).click()
    page.get_by_text("GAD-7", exact=True).first.click()
    page.locator("#gad7-occasion").select_option("baseline")
    for number in range(1, 8):
        page.locator(f"#gad7-{number}").select_option("1")
    assert Axe().run(page).response["violations"] == []
    page.screenshot(path=tmp_path / "scale.png", full_page=True)
    page.get_by_role("button", name="Keep GAD-7").click()
    page.get_by_role("cell", name="GAD-7").wait_for()
    assert Axe().run(page).response["violations"] == []
    assert page.errors == []
