"""Every report on a day with something in each: its figures, and each figure's own events."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from dispatch.custody import service as ledger
from dispatch.custody.commands import AcceptHandOff, OfferHandOff, Reverse
from dispatch.custody.records import EventRow
from dispatch.custody.reports import service
from dispatch.custody.reports.figures import events_of, figure
from dispatch.custody.reports.headings import HEADINGS, ReportKind
from dispatch.custody.reports.model import ColumnKind, EventPlace, Sought
from dispatch.custody.reports.words import sought_in, words_of
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Forbidden
from tests.builders.custody import FIT, MG, opened, picked_up, wasted
from tests.builders.reports import a_full_day, a_question, sources

EVERY_KIND = list(ReportKind)


@pytest.fixture
def scene(session):
    return a_full_day(session)


def report(session, scene, kind, **more):
    question = a_question(scene, **more)
    return service.make_report(session, kind, question, scene.compliance, sources(scene))


def by_head(made, number=0):
    heads = [column.head for column in made.body.columns]
    return dict(zip(heads, (cell.value for cell in made.body.lines[number].cells), strict=True))


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_every_figure_is_the_sum_over_its_own_events(session, scene, kind):
    made = report(session, scene, kind)
    checked = 0
    for line in made.body.lines:
        for column, cell in zip(made.body.columns, line.cells, strict=True):
            if isinstance(cell.to, Sought):
                total, number = figure(session, scene.area_id, cell.to)
                assert total == cell.value, (column.head, cell)
                listed = events_of(session, scene.area_id, cell.to, limit=500)
                assert len(listed) == number
                assert sum(each.adds for each in listed) == total
                assert sought_in(words_of(cell.to)) == cell.to
                checked += 1
    if kind in {ReportKind.NURSES, ReportKind.VIALS, ReportKind.PERPETUAL, ReportKind.RECEIPTS}:
        assert checked


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_every_line_has_as_many_cells_as_there_are_columns(session, scene, kind):
    made = report(session, scene, kind)
    assert {len(line.cells) for line in made.body.lines} <= {len(made.body.columns)}
    assert len(made.body.sums) in {0, len(made.body.columns)}
    assert made.heading == HEADINGS[kind]
    if kind not in {ReportKind.INVENTORIES, ReportKind.OVERRIDES, ReportKind.REVERSALS}:
        assert made.body.lines, "the day has something of this kind"


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_every_column_of_figures_says_its_unit(session, scene, kind):
    for column in report(session, scene, kind).body.columns:
        assert column.unit or column.kind is not ColumnKind.AMOUNT


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_an_empty_ledger_makes_an_empty_report(session, kind):
    scene = picked_up(session)
    made = report(session, scene, kind, before=a_question(scene).since, since=a_question(scene).since)
    assert made.body.lines == ()


def test_a_nurse_is_reconciled_to_the_microgram(session, scene):
    made = by_head(report(session, scene, ReportKind.NURSES))
    assert made["Taken (vials)"] == 5
    assert made["Taken (mg)"] == 2500 * MG
    assert made["Overfill used (mg)"] == 10 * MG
    assert made["Given (mg)"] == 62 * MG
    assert made["Wasted (mg)"] == (469 + 479) * MG
    assert made["Returned (mg)"] == 500 * MG
    assert made["Lost (mg)"] == 500 * MG
    assert made["Has (mg)"] == 500 * MG
    assert made["Difference (mg)"] == 0
    assert made["Counts that differed"] == 1
    assert made["Exceptions"] == 2


def test_what_a_nurse_had_before_the_period_is_where_she_begins(session, scene):
    made = by_head(report(session, scene, ReportKind.NURSES, since=scene.clock.now() + timedelta(hours=1)))
    assert (made["Had (mg)"], made["Taken (mg)"], made["Has (mg)"]) == (500 * MG, 0, 500 * MG)
    assert made["Difference (mg)"] == 0


@pytest.mark.parametrize("make", [picked_up, opened])
def test_a_hand_off_is_reconciled_on_both_sides(session, make):
    """A sealed vial moves by postings, an opened one without any: what it holds goes along."""
    scene = make(session)
    offer = OfferHandOff(
        event_id=new_id(), container_id=scene.vial, standing=FIT, seal="S-0",
        to_nurse_id=scene.other_nurse.nurse_id,
    )  # fmt: skip
    ledger.offer_hand_off(session, offer, scene.nurse, scene.clock)
    answer = AcceptHandOff(event_id=new_id(), container_id=scene.vial, standing=FIT, seal="S-0")
    ledger.accept_hand_off(session, answer, scene.other_nurse, scene.clock)
    made = report(session, scene, ReportKind.NURSES)
    assert [by_head(made, number)["Difference (mg)"] for number in (0, 1)] == [0, 0]
    assert by_head(made, 0)["Handed on (mg)"] == 500 * MG == by_head(made, 1)["Has (mg)"]


def test_a_correction_is_reconciled_and_stays_in_sight(session):
    scene = wasted(session)
    waste = session.scalars(sa.select(EventRow.id).where(EventRow.kind == "wasted")).one()
    reverse = Reverse(
        event_id=new_id(), container_id=scene.vial, standing=FIT, reverses=waste, reason="wrong amount",
        proof=scene.proof(scene.compliance), witness=scene.proof(scene.pharmacist),
    )  # fmt: skip
    ledger.reverse(session, reverse, scene.compliance, scene.clock)
    made = by_head(report(session, scene, ReportKind.NURSES))
    assert (made["Wasted (mg)"], made["Has (mg)"], made["Difference (mg)"]) == (0, 469 * MG, 0)
    taken_back = by_head(report(session, scene, ReportKind.REVERSALS))
    assert (taken_back["Took back"], taken_back["Why"]) == ("no. 6, wasted", "wrong amount")
    assert by_head(report(session, scene, ReportKind.WASTE_PAIRS))["Wastes"] == 1
    for kind in EVERY_KIND:
        for line in report(session, scene, kind).body.lines:
            for cell in line.cells:
                assert (
                    not isinstance(cell.to, Sought)
                    or figure(session, scene.area_id, cell.to)[0] == cell.value
                )


def test_vials_are_reconciled_to_the_microgram(session, scene):
    made = report(session, scene, ReportKind.VIALS)
    first, second = by_head(made, 0), by_head(made, 1)
    assert (first["Received (mg)"], first["Drawn (mg)"], first["Given (mg)"]) == (500 * MG, 35 * MG, 31 * MG)
    assert (second["Overfill used (mg)"], second["Drawn (mg)"]) == (10 * MG, 510 * MG)
    assert second["Witness of the waste"] == "bea"
    assert all(by_head(made, number)["Difference (mg)"] == 0 for number in range(5))
    assert [by_head(made, number)["Left (mg)"] for number in range(5)] == [0, 0, 0, 0, 500 * MG]


def test_all_places_together_hold_nothing(session, scene):
    made = report(session, scene, ReportKind.PERPETUAL)
    assert made.body.sums[-1].value == 0
    places = {by_head(made, number)["Place"]: by_head(made, number) for number in range(len(made.body.lines))}
    assert places["Nurse N-07"]["Whole vials (vials)"] == 1
    assert places["Given to patients"]["Amount (mg)"] == 62 * MG
    assert "On hand: 1000.000 mg, of which 2 whole vials" in made.body.notes[0]


def test_usage_names_the_patient_the_giver_and_the_witness(session, scene):
    made = report(session, scene, ReportKind.PATIENTS)
    used = by_head(made)
    assert used["Patient"] == "=Rosa Quill"
    assert (used["Given by"], used["Witness of the waste"], used["Order"]) == ("N-07", "bea", "RX-7")
    assert len(made.body.patients) == 2


def test_a_delivery_is_one_line_with_its_invoice(session, scene):
    made = report(session, scene, ReportKind.RECEIPTS)
    assert len(made.body.lines) == 1
    assert (by_head(made)["Invoice"], by_head(made)["Vials (vials)"]) == ("INV-1", 5)
    assert by_head(made)["Received by"] == "phil"


def test_waste_pairs_say_how_often_two_meet(session, scene):
    made = by_head(report(session, scene, ReportKind.WASTE_PAIRS))
    assert (made["Wasted by"], made["Witnessed by"], made["Wastes"]) == ("ada", "bea", 2)
    assert made["Of all her wastes (%)"] == 100


def test_a_late_entry_says_how_late(session, scene):
    made = by_head(report(session, scene, ReportKind.LATE))
    assert (made["Event"], made["Late by (min)"]) == ("wasted", 120)


def test_exceptions_lead_to_their_vials_and_say_the_rule(session, scene):
    made = report(session, scene, ReportKind.EXCEPTIONS)
    events = [by_head(made, number)["Event"] for number in range(len(made.body.lines))]
    assert events == ["wasted", "lost", "administered"]
    assert "A vial is lost." in by_head(made, 1)["Rules not met"]
    assert by_head(made, 2)["Drug moved"] == "no, a claim"
    assert isinstance(made.body.lines[1].cells[1].to, EventPlace)


def test_open_cases_stand_in_the_report(session, scene):
    made = report(session, scene, ReportKind.CASES)
    assert made.body.lines


def test_a_report_says_whose_it_is_and_by_which_policies(session, scene):
    made = report(session, scene, ReportKind.NURSES)
    assert made.registrant == "Columbus"
    assert dict(made.policies)["custody.shift"] == "default"
    assert made.made_by == "cora"
    assert "from 2026-11-23 00:00:00 EST" in made.period


def test_a_nurse_sees_only_the_reconciliation_of_her_own_hands(session, scene):
    own = a_question(scene, nurse_id=scene.nurse.nurse_id)
    assert service.make_report(session, ReportKind.NURSES, own, scene.nurse, sources(scene)).body.lines
    for kind in EVERY_KIND:
        questions = [a_question(scene), replace(own, nurse_id=scene.other_nurse.nurse_id)]
        questions += [own] if kind is not ReportKind.NURSES else []
        for question in questions:
            with pytest.raises(Forbidden):
                service.make_report(session, kind, question, scene.nurse, sources(scene))


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_pharmacist_sees_no_report(session, scene, kind):
    with pytest.raises(Forbidden):
        service.make_report(session, kind, a_question(scene), scene.pharmacist, sources(scene))


def test_the_command_line_makes_any_report(session, scene):
    assert service.make_report(
        session, ReportKind.NURSES, a_question(scene), SYSTEM, sources(scene)
    ).body.lines


def test_one_sees_only_events_of_own_hands(session, scene):
    mine, _ = figure(session, scene.area_id, Sought(), own=scene.nurse_holder)
    everything, _ = figure(session, scene.area_id, Sought())
    others, _ = figure(session, scene.area_id, Sought(), own="nurse:nobody")
    assert 0 == others < mine < everything


def test_events_come_in_pages(session, scene):
    whole = events_of(session, scene.area_id, Sought(), limit=500)
    first = events_of(session, scene.area_id, Sought(), limit=7)
    rest = events_of(session, scene.area_id, Sought(), limit=500, after=(first[-1].at, first[-1].event_id))
    assert [each.event_id for each in (*first, *rest)] == [each.event_id for each in whole]
