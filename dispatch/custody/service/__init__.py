"""The use cases of custody: one function a deed, ``(session, command, actor, clock)``.

A deed that physically happened returns a `Receipt`; look at its verdict. ``claim`` and ``id_reused``
are kept although the answer is a refusal (409): the web floor commits them.
"""

from dispatch.custody.service.bedside import administer, draw, open_container, waste_residual
from dispatch.custody.service.counting import close_shift, count, reconcile
from dispatch.custody.service.holding import (
    accept_hand_off,
    decline_hand_off,
    offer_hand_off,
    report_exception,
    return_unopened,
    set_out,
)
from dispatch.custody.service.pharmacy import pick_up, receive_at_pharmacy, register_product

__all__ = [
    "accept_hand_off",
    "administer",
    "close_shift",
    "count",
    "decline_hand_off",
    "draw",
    "offer_hand_off",
    "open_container",
    "pick_up",
    "receive_at_pharmacy",
    "reconcile",
    "register_product",
    "report_exception",
    "return_unopened",
    "set_out",
    "waste_residual",
]
