"""No signed policy watches oxygen and breathing more loosely than the default."""

from typing import Any

import pytest

from dispatch.areas.defaults.bedside import DEFAULTS
from dispatch.visits.bedside.model import Level, Phase, Reading
from dispatch.visits.bedside.rules.floors import STRICTER, never_laxer
from dispatch.visits.bedside.rules.vitals import judge
from tests.builders.charting import CALM

LIMITED = [(key, name) for key, value in DEFAULTS.items() for name in value if name in STRICTER]


def signed(key: str, **more: Any) -> dict[str, Any]:
    """The default limits with some of a policy signed anew."""
    return DEFAULTS | {key: DEFAULTS[key] | more}


def level(limits: dict[str, Any], phase: Phase, **more: Any) -> Level:
    return judge(phase, Reading(**(dict(CALM) | more)), limits).level


def test_a_laxer_limit_of_oxygen_or_breathing_does_not_count():
    assert level(signed("vitals.abort", spo2_below_percent=80), Phase.BEFORE, spo2=89) is Level.ABORT
    assert level(signed("vitals.abort", rr_below=6), Phase.BEFORE, rr=9) is Level.ABORT
    assert level(signed("vitals.stop", spo2_seconds=600), Phase.DURING, spo2=89, spo2_low_s=60) is Level.STOP
    assert level(signed("vitals.stop", rr_below=4), Phase.DURING, rr=7) is Level.STOP


def test_a_stricter_one_counts():
    assert level(signed("vitals.pause", spo2_below_percent=96), Phase.DURING, spo2=95) is Level.PAUSE
    assert level(DEFAULTS, Phase.DURING, spo2=95) is Level.GREEN


def test_a_set_keeps_the_limits_that_counted():
    judged = judge(Phase.DURING, Reading(**CALM), signed("vitals.stop", rr_below=4))
    assert judged.limits["vitals.stop"]["rr_below"] == 8


@pytest.mark.parametrize(("key", "name"), LIMITED)
def test_each_limit_of_oxygen_and_breathing_has_its_floor(key, name):
    default = DEFAULTS[key][name]
    laxer = default - 1 if STRICTER[name] is max else default + 1
    stricter = default + 1 if STRICTER[name] is max else default - 1
    assert never_laxer(key, {name: laxer}) == {name: default}
    assert never_laxer(key, {name: stricter}) == {name: stricter}


def test_other_limits_are_as_signed():
    assert never_laxer("vitals.abort", {"sbp_mmhg": 200}) == {"sbp_mmhg": 200}
