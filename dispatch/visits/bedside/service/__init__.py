"""What is done at the bedside: readings, sections, a prescriber's release; what stands against a deed."""

from dispatch.visits.bedside.service.charting import note_reuse, record_reading, record_step
from dispatch.visits.bedside.service.gates import may_discharge, may_resume, may_start, missing_of_start
from dispatch.visits.bedside.service.releasing import release_hold

__all__ = [
    "may_discharge",
    "may_resume",
    "may_start",
    "missing_of_start",
    "note_reuse",
    "record_reading",
    "record_step",
    "release_hold",
]
