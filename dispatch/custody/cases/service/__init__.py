"""The use cases of discrepancy cases: open, add a step, attach, fill a form in."""

from dispatch.custody.cases.service.attaching import attach
from dispatch.custody.cases.service.filling import fill_form
from dispatch.custody.cases.service.reporting import open_case
from dispatch.custody.cases.service.stepping import add_step

__all__ = ["add_step", "attach", "fill_form", "open_case"]
