"""The patient's own pages, behind a link, and the doors to them."""

from api.pages.patient import (  # noqa: F401 - their routes join `pages`
    acknowledging,
    aftercare,
    doors,
    feedback,
    intake,
    visit,
)
