"""A real day comes in as CSV files: nurses, licences, shifts, patients, appointments (docs/import.md).

All files are read and judged as a whole before anything is written, so that every bad cell is told at
once and nothing is half-imported. The same files again change nothing.
"""

from dispatch.appointments.day_import.columns import FILES, columns_as_markdown
from dispatch.appointments.day_import.model import BadCell, ImportReport, Tally
from dispatch.appointments.day_import.service import import_files

__all__ = ["FILES", "BadCell", "ImportReport", "Tally", "columns_as_markdown", "import_files"]
