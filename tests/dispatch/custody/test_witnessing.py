"""How a waste was seen, and what that is worth."""

import pytest
from sqlalchemy.orm import Session

from dispatch.areas.model import DEFAULT_POLICIES
from dispatch.custody import queries, service
from dispatch.custody.model import Verdict
from dispatch.custody.witnessing import UNSEEN, WitnessKind, strength, strength_text
from tests.builders.custody import LABEL_UG, MG, a_waste, balance, given
from tests.builders.lifecycle import signed_policy


def test_the_kinds_are_ranked_from_best_to_weakest() -> None:
    ranks = [strength(kind) for kind in WitnessKind]
    assert ranks == sorted(ranks, reverse=True) == [4, 3, 2, 1]
    assert strength(None) == 0
    assert strength_text(None) == UNSEEN


def test_a_witness_who_stood_by_is_no_exception_and_shown(session: Session) -> None:
    scene = given(session)
    service.waste_residual(session, a_waste(scene, MG), scene.nurse, scene.clock)
    line = queries.vial_history(session, scene.vial)[-1]
    assert (line.witness_kind, line.exception) == ("present", False)
    assert line.witness_strength == "second licensed person present"


def test_a_companion_is_kept_as_weak(session: Session) -> None:
    scene = given(session)
    weak = a_waste(
        scene, LABEL_UG - 31 * MG, witness=None, witness_kind=WitnessKind.COMPANION, companion="spouse"
    )
    receipt = service.waste_residual(session, weak, scene.nurse, scene.clock)
    assert (receipt.verdict, receipt.reasons) == (Verdict.FLAGGED, ("witness_weak",))
    assert queries.vial_history(session, scene.vial)[-1].witness_strength.endswith("weak")
    assert balance(session, "waste") == LABEL_UG - 31 * MG
    session.commit()


def test_a_companion_who_is_not_named_is_nobody(session: Session) -> None:
    scene = given(session)
    nobody = a_waste(scene, MG, witness=None, witness_kind=WitnessKind.COMPANION)
    receipt = service.waste_residual(session, nobody, scene.nurse, scene.clock)
    assert set(receipt.reasons) == {"companion_missing", "witness_missing"}
    assert queries.vial_history(session, scene.vial)[-1].witness_kind == ""


def test_a_witness_by_video_signs_elsewhere(session: Session) -> None:
    scene = given(session)
    here = scene.proof(scene.other_nurse, given_in=scene.nurse.session_ref)
    seen = a_waste(scene, MG, witness=here, witness_kind=WitnessKind.LIVE_VIDEO)
    receipt = service.waste_residual(session, seen, scene.nurse, scene.clock)
    assert receipt.reasons == ("video_witness_typed_here",)
    elsewhere = a_waste(scene, MG, witness_kind=WitnessKind.LIVE_VIDEO)
    assert service.waste_residual(session, elsewhere, scene.nurse, scene.clock).verdict is Verdict.STORED


@pytest.mark.parametrize("kind", [WitnessKind.LIVE_VIDEO, WitnessKind.COMPANION])
def test_which_ways_count_is_policy(session: Session, kind: WitnessKind) -> None:
    scene = given(session)
    strict = {**DEFAULT_POLICIES["custody.witnesses"], "waste_kinds": ["present"]}
    signed_policy(session, scene, "custody.witnesses", strict, area_id=None, state="OH")
    command = a_waste(scene, MG, witness_kind=kind, companion="spouse")
    receipt = service.waste_residual(session, command, scene.nurse, scene.clock)
    assert receipt.reasons == ("witness_kind_not_allowed",)
