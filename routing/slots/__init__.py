"""When could one more visit be promised, at what price, and by whom? No engine is run for it.

`tails`: the rest of a nurse's day behind each stop; `fits`: where a visit fits, and its cost as a function of
its begin; `offers`: windows with their prices; `quick`: a plan to ask where there is none yet.
"""

from routing.slots.fits import ReadyDay, Wanted
from routing.slots.offers import SlotOffer, grid, offers
from routing.slots.quick import put_in, quick_plan

__all__ = ["ReadyDay", "SlotOffer", "Wanted", "grid", "offers", "put_in", "quick_plan"]
