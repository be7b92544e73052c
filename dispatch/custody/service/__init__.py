"""The use cases of custody: one function a deed, ``(session, command, actor, clock)``.

A deed that physically happened returns a `Receipt`; look at its verdict. ``claim`` and ``id_reused``
are kept although the answer is a refusal (409): the web floor commits them.
"""

from dispatch.custody.service.bedside import administer, draw, open_container, waste_residual
from dispatch.custody.service.correcting import correct, reverse
from dispatch.custody.service.counting import count, reconcile
from dispatch.custody.service.holding import (
    accept_hand_off,
    decline_hand_off,
    offer_hand_off,
    report_exception,
    return_unopened,
    set_out,
)
from dispatch.custody.service.infusion import (
    change_rate,
    measure_residual,
    return_residual,
    seal_residual,
    start_infusion,
    stop_infusion,
)
from dispatch.custody.service.pharmacy import pick_up, receive_at_pharmacy, register_product
from dispatch.custody.service.shifts import close_shift, count_own, open_shift
from dispatch.custody.service.signers import check_who_takes_away

__all__ = [
    "accept_hand_off",
    "administer",
    "change_rate",
    "check_who_takes_away",
    "close_shift",
    "correct",
    "count",
    "count_own",
    "decline_hand_off",
    "draw",
    "measure_residual",
    "offer_hand_off",
    "open_container",
    "open_shift",
    "pick_up",
    "receive_at_pharmacy",
    "reconcile",
    "register_product",
    "report_exception",
    "return_residual",
    "return_unopened",
    "reverse",
    "seal_residual",
    "set_out",
    "start_infusion",
    "stop_infusion",
    "waste_residual",
]
