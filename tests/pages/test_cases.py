"""The screens of cases: what is due first, a case with its arithmetic, steps by plain forms, papers."""

import csv
import io
from datetime import timedelta

import html5lib
import pytest
import sqlalchemy as sa
from PIL import Image

from dispatch.custody.records import DiscrepancyRow
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.cases import a_lost_vial, all_factors, resolved
from tests.builders.custody import a_scene, given
from tests.builders.web import PASSWORD, a_browser, a_person, csrf, keyring_of_app

CASES = "/custody/cases"


@pytest.fixture
def officer(app, engine):
    a_person(app, engine, Role.COMPLIANCE, email="officer@test.example")
    return a_browser(app, "officer@test.example")


def stage(app, engine, make, **more):
    with transaction(engine, keyring_of_app(app)) as session:
        return make(session, **more)


@pytest.fixture
def lost(app, engine):
    """A vial is lost; gives its scene, its case's id and its address."""
    scene, case_id = stage(app, engine, a_lost_vial)
    return scene, case_id, f"{CASES}/{case_id}"


def send(browser, path, **fields):
    return browser.post(path, data=fields, headers=csrf(browser))


def actions(engine):
    with engine.connect() as connection:
        return connection.scalars(sa.text("SELECT action FROM audit_entry")).all()


def the_only_case(engine):
    with engine.connect() as connection:
        return connection.scalars(sa.select(DiscrepancyRow.id)).one()


def valid(page):
    html5lib.HTMLParser(strict=True).parse(page)


def test_the_list_asks_and_says_what_is_due(officer, lost):
    page = officer.get(CASES).text
    assert "Where could vial 7F0 be: mislaid, handed on without a scan, or lost?" in page
    assert "Written notice to the DEA field division office" in page
    assert "Tue 24 Nov 2026 17:00" in page


@pytest.mark.parametrize(
    "query",
    [
        "?status=resolved",
        "?holder=N-12",
        "?drug=x",
        "?site=COL-2",
        "?kind=seal",
        "?since=2026-11-24",
        "?until=2026-11-22",
    ],
)
def test_filters_leave_out_what_does_not_fit(officer, lost, query):
    assert "No case fits the filter." in officer.get(CASES + query).text


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?status=all",
        "?holder=N-07&drug=Ketamine&site=COL-1",
        "?status=nonsense",
        "?area=columbus",
        "?since=2026-11-23",
    ],
)
def test_filters_keep_what_fits(officer, lost, query):
    assert "1 case<" in officer.get(CASES + query).text


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.NURSE, Role.PHARMACIST])
def test_nobody_else_reads_a_case(app, engine, lost, role):
    a_person(app, engine, role, email="other@test.example")
    browser = a_browser(app, "other@test.example")
    for path in (CASES, lost[2], f"{lost[2]}/forms/106", f"{lost[2]}/forms/106.pdf"):
        assert browser.get(path).status_code == 403


def test_a_case_shows_its_clocks_arithmetic_events_people_and_steps(officer, lost):
    page = officer.get(lost[2]).text
    for word in (
        "21 CFR 1301.76(b)", "Not accounted for", "Posted as lost", "event 3", "phil as witness",
        "a signal of this case", "Is the quantity large", "Steps: 1", "Form 41: ",
    ):  # fmt: skip
        assert word in page


def test_looking_at_a_case_is_written_down(engine, officer, lost):
    officer.get(lost[2])
    assert "custody.read_case" in actions(engine)


def test_every_page_is_valid_html(officer, lost):
    for path in (CASES, f"{CASES}?status=all", lost[2], f"{lost[2]}/forms/106"):
        valid(officer.get(path).text)


def test_a_step_is_added_by_a_plain_form(officer, lost):
    answer = send(officer, f"{lost[2]}/steps", kind="note", text="Called the nurse.")
    assert (answer.status_code, answer.location) == (303, f"{lost[2]}#steps")
    assert "Called the nurse." in officer.get(lost[2]).text


def test_a_refused_step_says_everything_and_keeps_what_was_typed(officer, lost):
    answer = send(
        officer, f"{lost[2]}/steps", kind="classified", code="significant_loss", text="It is a lot."
    )
    assert answer.status_code == 409
    assert answer.text.count('data-code="factor_unanswered"') == 6
    assert "It is a lot." in answer.text
    valid(answer.text)


def test_a_factor_is_answered_by_a_form(officer, lost):
    fields = {"kind": "factor", "code": "3", "answer": "does_not", "text": "Only she had the key."}
    assert send(officer, f"{lost[2]}/steps", **fields).status_code == 303
    assert "Does not: Only she had the key." in officer.get(lost[2]).text


def test_a_notice_is_recorded_at_its_local_time(officer, lost, clock):
    clock.advance(timedelta(days=2))
    fields = {"kind": "notice_sent", "code": "dea_notice", "happened_at": "2026-11-23T09:30"}
    assert send(officer, f"{lost[2]}/steps", **fields).status_code == 303
    assert "Mon 23 Nov 2026 09:30" in officer.get(lost[2]).text


@pytest.mark.parametrize("moment", ["soon", "2026-11-23T09:30+00:00", "1066-10-14T09:00", "9999-99-99T00:00"])
def test_a_moment_that_is_none_is_refused(officer, lost, moment):
    fields = {"kind": "notice_sent", "code": "dea_notice", "happened_at": moment}
    answer = send(officer, f"{lost[2]}/steps", **fields)
    assert (answer.status_code, "moment_not_valid" in answer.text) == (422, True)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"kind": "dance"},
        {"kind": "assigned", "person_id": "x"},
        {"kind": "factor", "code": "9", "answer": "x", "text": "abc"},
    ],
)
def test_a_step_that_is_none_is_refused(officer, lost, fields):
    assert send(officer, f"{lost[2]}/steps", **fields).status_code == 422


def test_a_case_that_is_none_is_not_found(officer, lost):
    path = lost[2][:-4] + "0000"
    for answer in (officer.get(path), send(officer, f"{path}/steps", kind="note", text="abc")):
        assert answer.status_code == 404


def test_an_officer_opens_a_case(engine, officer, lost):
    fields = {"area": "columbus", "kind": "seal", "serial": "7F0", "text": "The seal hangs."}
    answer = send(officer, CASES, **fields, discovered_at="2026-11-23T05:00")
    assert answer.status_code == 303
    page = officer.get(answer.location).text
    assert "Was the seal of vial 7F0 misread, changed, or opened?" in page
    assert "Mon 23 Nov 2026 05:00" in page


def test_a_case_that_cannot_be_opened_keeps_what_was_typed(officer, lost):
    answer = send(officer, CASES, area="columbus", kind="seal", serial="9Z9", text="The seal hangs.")
    assert answer.status_code == 404
    assert "The area has no vial of that number." in answer.text
    assert "The seal hangs." in answer.text


def test_a_resolved_case_is_reopened(app, engine, officer, lost):
    scene, case_id, path = lost
    stage(app, engine, lambda session: resolved(session, scene, case_id))
    page = officer.get(path).text
    assert "Resolved: record corrected." in page
    valid(page)
    assert send(officer, f"{path}/steps", kind="reopened", text="It was found.").status_code == 303
    assert "reopened" in officer.get(path).text


def test_who_took_part_is_told_that_another_decides(app, engine, lost):
    _scene, _case_id, path = lost
    a_person(app, engine, Role.COMPLIANCE, email="ada3@test.example", person_ref="person-ada")
    browser = a_browser(app, "ada3@test.example")
    assert "another officer decides" in browser.get(path).text
    answer = send(browser, f"{path}/steps", kind="classified", code="theft", text="Not me.")
    assert (answer.status_code, "own_case" in answer.text) == (409, True)


# Documents.


def upload(browser, path, content, name="scan.png", **more):
    data = {"file": (io.BytesIO(content), name), **more}
    return browser.post(
        f"{path}/attachments", data=data, headers=csrf(browser), content_type="multipart/form-data"
    )


def a_picture(kind="JPEG"):
    made = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "a patient's address"
    Image.new("RGB", (40, 30), "red").save(made, kind, exif=exif)
    return made.getvalue()


def taken(browser, path, attachment_id):
    return send(browser, f"{path}/attachments/{attachment_id}", own_secret=PASSWORD)


def attachment_of(page):
    return page.partition("/attachments/")[2].partition('"')[0]


def test_a_picture_is_kept_without_what_the_camera_said(engine, officer, lost):
    assert b"address" in a_picture()
    assert upload(officer, lost[2], a_picture(), "vial.jpg", text="The vial").status_code == 303
    page = officer.get(lost[2]).text
    assert "vial.jpg" in page
    answer = taken(officer, lost[2], attachment_of(page))
    assert answer.content_type == "image/jpeg"
    assert b"address" not in answer.data
    assert Image.open(io.BytesIO(answer.data)).size == (40, 30)
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "custody.read_attachment" in actions(engine)


@pytest.mark.parametrize(
    ("content", "name", "kept"),
    [(b"%PDF-1.7\n...", "a.pdf", "application/pdf"), (b"Called at noon.", "a.txt", "text/plain")],
)
def test_documents_are_handed_out_as_they_came(officer, lost, content, name, kept):
    assert upload(officer, lost[2], content, name).status_code == 303
    answer = taken(officer, lost[2], attachment_of(officer.get(lost[2]).text))
    assert (answer.data, answer.mimetype) == (content, kept)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "attachment_empty"),
        (b"MZ\x90\0\xff", "attachment_type"),
        (b"<svg onload=alert(1)>", "attachment_type"),
        (b"\x89PNG\r\n\x1a\ncut short", "picture_unreadable"),
        (b"\xff\xd8\xff\xe0 no picture", "picture_unreadable"),
    ],
)
def test_what_is_no_document_is_refused(officer, lost, content, code):
    answer = upload(officer, lost[2], content)
    assert (answer.status_code, code in answer.text) == (422, True)


def test_a_document_is_sealed_at_rest(engine, officer, lost):
    upload(officer, lost[2], b"Ann Example called.", "ann-example.txt")
    with engine.connect() as connection:
        kept = connection.execute(sa.text("SELECT * FROM custody_case_attachment")).all()
    assert b"Ann" not in repr(kept).encode()
    assert b"ann-example" not in repr(kept).encode()


def test_a_document_of_another_case_is_not_found(app, engine, officer, lost):
    upload(officer, lost[2], b"Called at noon.")
    kept = attachment_of(officer.get(lost[2]).text)
    send(officer, CASES, area="columbus", kind="other", text="Another thing.")
    with engine.connect() as connection:
        other = connection.scalar(sa.select(DiscrepancyRow.id).where(DiscrepancyRow.kind == "other"))
    assert taken(officer, f"{CASES}/{other}", kept).status_code == 404


def test_a_screen_left_open_hands_out_no_document(engine, officer, lost):
    upload(officer, lost[2], b"Called at noon.")
    kept = attachment_of(officer.get(lost[2]).text)
    assert send(officer, f"{lost[2]}/attachments/{kept}").status_code == 403
    assert officer.get(f"{lost[2]}/attachments/{kept}").status_code == 405
    assert "custody.read_attachment" not in actions(engine)


# Forms.


def test_form_106_is_filled_from_the_ledger_and_names_what_is_missing(officer, lost):
    page = officer.get(f"{lost[2]}/forms/106").text
    for word in ("2026-11-23", "500.000", "event 3 of vial 7F0", "DEA registration number", "Still missing"):
        assert word in page


def test_an_answer_is_kept_as_a_step_and_opens_what_depends_on_it(officer, lost):
    assert "Police department" not in officer.get(f"{lost[2]}/forms/106").text
    assert send(officer, f"{lost[2]}/forms/106", police="yes", dea_number="AB1234563").status_code == 303
    page = officer.get(f"{lost[2]}/forms/106").text
    assert "Police department" in page
    assert "step 3, by hand" in page
    assert "106: police" in officer.get(lost[2]).text


def test_answers_that_are_none_are_all_refused_at_once(officer, lost):
    fields = {"police": "perhaps", "date_of_loss": "yesterday", "dea_number": "=cmd()", "mood": "low"}
    answer = send(officer, f"{lost[2]}/forms/106", **fields)
    assert answer.status_code == 422
    for code in ("unknown_word", "no_such_day", "looks_like_a_formula", "no_such_field"):
        assert code in answer.text
    valid(answer.text)


@pytest.mark.parametrize("ending", ["pdf", "csv"])
def test_a_screen_left_open_hands_out_no_form(engine, officer, lost, ending):
    assert send(officer, f"{lost[2]}/forms/106.{ending}").status_code == 403
    assert "custody.read_form" not in actions(engine)


def test_form_106_is_handed_out_as_pdf_and_csv_and_that_is_written_down(engine, officer, lost):
    pdf, sheet = (
        send(officer, f"{lost[2]}/forms/106.{ending}", own_secret=PASSWORD) for ending in ("pdf", "csv")
    )
    assert (pdf.data[:5], pdf.mimetype) == (b"%PDF-", "application/pdf")
    rows = {row[1]: row for row in csv.reader(io.StringIO(sheet.text)) if len(row) > 3}
    assert rows["DEA registration number"][3] == "yes"
    assert rows["Date of theft or loss, or of discovery"][2] == "2026-11-23"
    assert actions(engine).count("custody.read_form") == 2


def test_form_41_names_the_vial_and_needs_two_witnesses(app, engine, officer):
    """21 CFR 1304.21(e): the names of the two employees who witnessed the destruction."""
    stage(app, engine, a_scene)
    send(officer, CASES, area="columbus", kind="other", serial="7F0", text="Past its date.")
    path = f"{CASES}/{the_only_case(engine)}/forms/41"
    page = officer.get(path).text
    assert "Second employee who witnessed" in page
    assert "500.000" in page
    same = send(officer, path, witness_1="Phil Pharma", witness_2="phil pharma ")
    assert (same.status_code, "witnesses_must_differ" in same.text) == (422, True)
    assert send(officer, path, witness_1="Phil Pharma", witness_2="Bea Nurse").status_code == 303
    assert send(officer, f"{path}.pdf", own_secret=PASSWORD).data[:5] == b"%PDF-"
    assert "Bea Nurse" in send(officer, f"{path}.csv", own_secret=PASSWORD).text
    valid(officer.get(path).text)


def test_no_form_41_for_what_is_left_after_an_administration(app, engine, officer):
    """21 CFR 1304.21(e), 1317.90: it is no inventory."""
    stage(app, engine, given)
    send(officer, CASES, area="columbus", kind="missing_waste", serial="7F0", text="Nobody wasted it.")
    path = f"{CASES}/{the_only_case(engine)}"
    answer = officer.get(f"{path}/forms/41")
    assert (answer.status_code, "1304.21(e)" in answer.text) == (409, True)
    assert "no inventory" in officer.get(path).text


def test_there_is_no_other_form(officer, lost):
    for ending in ("222", "222.pdf", "222.csv"):
        assert officer.get(f"{lost[2]}/forms/{ending}").status_code == 404


def test_a_loss_is_judged_reported_and_resolved_by_forms_alone(app, engine, officer, lost):
    scene, case_id, path = lost
    stage(app, engine, lambda session: all_factors(session, scene, case_id))
    steps = (
        {"kind": "classified", "code": "significant_loss", "text": "A whole vial."},
        {"kind": "notice_sent", "code": "dea_notice", "text": "by fax"},
        {"kind": "form_filed", "code": "form_106", "text": "TLR-1"},
        {"kind": "resolved", "code": "reported", "text": "All was sent."},
    )
    for fields in steps:
        assert send(officer, f"{path}/steps", **fields).status_code == 303
    assert "No case fits the filter." in officer.get(CASES).text
    assert "1 case<" in officer.get(f"{CASES}?status=resolved").text
