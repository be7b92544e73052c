"""The patient's own pages, behind a link, and the doors to them."""

from api.pages.patient import acknowledging, doors, feedback, intake, visit  # noqa: F401 - their routes join `pages`
