"""Reports on screen and as files: who sees which, every figure leads to its events, names are noted."""

import csv
import io
import re
from datetime import timedelta
from types import SimpleNamespace

import html5lib
import pytest
import sqlalchemy as sa

from api.sheets import harmless
from dispatch.audit.records import AuditEntryRow
from dispatch.custody.reports.headings import ReportKind
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from tests.builders.custody import a_scene
from tests.builders.reports import a_full_day
from tests.builders.web import PASSWORD, a_browser, a_person, csrf, keyring_of_app

DAY = "2026-11-23"
REPORTS = "/custody/columbus/reports"
EVERY = [kind.value for kind in ReportKind]


@pytest.fixture
def officer(app, engine):
    a_person(app, engine, Role.COMPLIANCE, email="officer@test.example")
    return a_browser(app, "officer@test.example")


@pytest.fixture
def scene(app, engine):
    with transaction(engine, keyring_of_app(app)) as session:
        return a_full_day(session)


def audited(engine):
    with engine.connect() as connection:
        return connection.scalars(sa.select(AuditEntryRow.action)).all()


@pytest.mark.parametrize("kind", EVERY)
def test_every_report_is_shown_and_handed_out(app, engine, scene, officer, kind, clock):
    clock.advance(scene.clock.now() - clock.now())
    page = officer.get(f"{REPORTS}/{kind}?from={DAY}&to={DAY}")
    assert page.status_code == 200, page.text
    html5lib.HTMLParser(strict=True).parse(page.text)
    signed = {"data": {"own_secret": PASSWORD}, "headers": csrf(officer)}
    text = officer.post(f"{REPORTS}/{kind}/csv?from={DAY}&to={DAY}", **signed)
    rows = list(csv.reader(io.StringIO(text.text)))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert all(not cell.startswith(("=", "+", "@")) for row in rows for cell in row)
    pdf = officer.post(f"{REPORTS}/{kind}/pdf?from={DAY}&to={DAY}", **signed)
    assert pdf.data.startswith(b"%PDF-")
    assert pdf.headers["Content-Disposition"].endswith('.pdf"')
    assert audited(engine).count("custody.read_report") == 3


@pytest.mark.parametrize("secret", ["", "not-the-password"])
def test_a_screen_left_open_hands_out_no_file(engine, scene, officer, secret):
    answer = officer.post(f"{REPORTS}/receipts/csv", data={"own_secret": secret}, headers=csrf(officer))
    assert answer.status_code == 403
    assert "custody.read_report" not in audited(engine)


def test_every_figure_on_the_screen_leads_to_a_page_with_the_same_figure(scene, officer):
    page = officer.get(f"{REPORTS}/nurse-reconciliation?from={DAY}").text
    links = re.findall(r'<td class="number"><a href="([^"]+)">([^<]+)</a>', page)
    assert len(links) > 8
    for address, figure in links:
        assert f'class="figure">{figure}</strong>' in officer.get(address.replace("&amp;", "&")).text


def test_from_a_figure_one_reaches_the_vials_history(scene, officer):
    page = officer.get("/custody/columbus/figures?measure=moved&account=waste").text
    address = re.search(r'href="(/custody/vials/[^"]+)"', page)[1].replace("&amp;", "&")
    assert 'id="event-' in officer.get(address).text


def test_the_next_events_follow_on_the_next_page(scene, officer, monkeypatch):
    monkeypatch.setattr("api.pages.report_view.LINES_A_PAGE", 5)
    page, seen = officer.get("/custody/columbus/figures").text, 0
    while True:
        seen += page.count('<th scope="row">')
        more = re.search(r'href="([^"]+)">The next events', page)
        if not more:
            break
        page = officer.get(more[1].replace("&amp;", "&")).text
    assert f"over {seen} events" in page


def test_an_instant_is_read_on_the_areas_clock(scene, officer):
    before = officer.get(f"{REPORTS}/perpetual-inventory?as_of={DAY}T05:59").text
    after = officer.get(f"{REPORTS}/perpetual-inventory?as_of={DAY}T06:00").text
    assert "Nothing of this kind" in before
    assert "Stock point COL-1" in after


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("perpetual-inventory?as_of=yesterday", "no_such_instant"),
        ("perpetual-inventory?as_of=2026-11-01T01:30", "local_time_exists_twice"),
        ("perpetual-inventory?as_of=0001-01-01T00:00", "no_such_instant"),
        ("nurse-reconciliation?from=2026-02-30", "no_such_day"),
        ("nurse-reconciliation?from=2026-11-23&to=2026-11-22", "days_reversed"),
        ("nurse-reconciliation?from=2020-01-01&to=2026-11-22", "too_many_days"),
    ],
)
def test_a_question_that_is_none_says_what_is_wrong(scene, officer, query, code):
    answer = officer.get(f"{REPORTS}/{query}")
    assert answer.status_code == 422
    assert f'data-code="{code}"' in answer.text


@pytest.mark.parametrize(
    "query",
    ["measure=guess", "since=now", "since=2026-11-23T00:00", "vial=1", "kinds=dreamt", "newest=1", "sign=7",
     "account=a%00b", "giver=" + "x" * 200, "oddity=all", "product=%FF"],
)  # fmt: skip
def test_a_filter_that_says_nothing_is_refused_by_its_name(officer, app, engine, query):
    with transaction(engine, keyring_of_app(app)) as session:
        a_scene(session)
    answer = officer.get(f"/custody/columbus/figures?{query}")
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "place",
    ["dreams", "nurse-reconciliation?nurse=N-99", "exceptions?nurse=a%00b"],
)
def test_what_there_is_not_is_not_found(scene, officer, place):
    assert officer.get(f"{REPORTS}/{place}").status_code == 404


def test_a_file_of_another_kind_is_not_handed_out(scene, officer):
    signed = {"data": {"own_secret": PASSWORD}, "headers": csrf(officer)}
    assert officer.post(f"{REPORTS}/nurse-reconciliation/xls", **signed).status_code == 404


def test_whose_names_were_read_is_written_down(app, engine, officer, scene, monkeypatch):
    patient = new_id()
    rosa = SimpleNamespace(name="=Rosa Quill", reference="P-1")

    def visits(session, ids):
        return [
            SimpleNamespace(id=each, patient_id=patient, patient=rosa, dose_order_ref="RX-7") for each in ids
        ]

    monkeypatch.setattr("api.reporting.appointments_of", visits)
    assert "=Rosa Quill" in officer.get(f"{REPORTS}/usage-by-patient?from={DAY}").text
    signed = {"data": {"own_secret": PASSWORD}, "headers": csrf(officer)}
    assert "'=Rosa Quill" in officer.post(f"{REPORTS}/usage-by-patient/csv?from={DAY}", **signed).text
    with engine.connect() as connection:
        read = connection.execute(sa.select(AuditEntryRow.action, AuditEntryRow.patient_id)).all()
    assert [row.patient_id for row in read if row.action == "custody.read_usage"] == [patient, patient]


def test_a_nurse_sees_her_own_reconciliation_and_no_other_report(app, engine, scene):
    a_person(app, engine, Role.NURSE, email="ada@own.example", nurse_id=scene.nurse.nurse_id)
    a_person(app, engine, Role.NURSE, email="bea@own.example", nurse_id=scene.other_nurse.nurse_id)
    ada, bea = a_browser(app, "ada@own.example"), a_browser(app, "bea@own.example")
    page = ada.get(f"/reconciliation?from={DAY}").text
    html5lib.HTMLParser(strict=True).parse(page)
    assert "N-07" in page
    address = re.search(r'href="(/reconciliation/figures[^"]+)"', page)[1].replace("&amp;", "&")
    assert "over 0 events" not in ada.get("/reconciliation/figures?account=waste&measure=moved").text
    assert "over 0 events" in bea.get("/reconciliation/figures?account=waste&measure=moved").text
    assert ada.get(address).status_code == 200
    assert "N-07" not in bea.get(f"/reconciliation?from={DAY}").text
    for kind in EVERY:
        assert ada.get(f"{REPORTS}/{kind}").status_code == 403
        signed = {"data": {"own_secret": PASSWORD}, "headers": csrf(ada)}
        assert ada.post(f"{REPORTS}/{kind}/csv", **signed).status_code == 403
    assert ada.get("/custody/columbus/figures").status_code == 403


def test_reading_the_inventory_closes_the_quarters_that_are_over(app, engine, scene, officer, clock):
    clock.advance(timedelta(days=1))
    officer.get(f"{REPORTS}/perpetual-inventory")
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM custody_inventory_closing"))


def inventory_form(officer, scene, **more):
    asked = f"pharmacy_id={scene.pharmacy_id}&day={DAY}&business=open"
    page = officer.get(f"/custody/columbus/inventories/new?{asked}").text
    html5lib.HTMLParser(strict=True).parse(page)
    sent = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    sent |= dict.fromkeys(re.findall(r'name="(counted\.[^"]+)"', page), "1")
    return sent | {"own_secret": PASSWORD} | more


def test_an_inventory_is_counted_blind_signed_and_shown(app, engine, officer, clock):
    with transaction(engine, keyring_of_app(app)) as session:
        scene = a_scene(session)
    form = inventory_form(officer, scene)
    answer = officer.post("/custody/columbus/inventories/new", data=form, headers=csrf(officer))
    assert answer.status_code == 303, answer.text
    page = officer.get(answer.location).text
    html5lib.HTMLParser(strict=True).parse(page)
    assert "opening of business, 2026-11-23 06:00:00 EST" in page
    assert "officer, signed" in page
    assert officer.post(answer.location + ".pdf", headers=csrf(officer)).status_code == 403
    signed = {"data": {"own_secret": PASSWORD}, "headers": csrf(officer)}
    assert officer.post(answer.location + ".pdf", **signed).data.startswith(b"%PDF-")
    again = officer.post("/custody/columbus/inventories/new", data=form, headers=csrf(officer))
    assert again.location == answer.location
    assert answer.location in officer.get(f"{REPORTS}/inventories-taken?from={DAY}").text


def test_an_inventory_without_a_signature_is_refused_and_nothing_is_kept(app, engine, officer):
    with transaction(engine, keyring_of_app(app)) as session:
        scene = a_scene(session)
    form = inventory_form(officer, scene, own_secret="wrong")
    answer = officer.post("/custody/columbus/inventories/new", data=form, headers=csrf(officer))
    assert answer.status_code == 403
    assert 'data-code="identity_not_proved"' in answer.text
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM custody_inventory")) == 0


def test_what_a_spreadsheet_would_run_is_made_harmless():
    assert [harmless(text) for text in ("=1", "+1", "-1", "@a", "x=1")] == ["'=1", "'+1", "'-1", "'@a", "x=1"]
