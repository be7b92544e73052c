"""The use cases of signals and assays: look at the figures, answer, draw residuals, record what they held."""

from dispatch.custody.signals.service.answering import answer
from dispatch.custody.signals.service.asking import Doses, Found, ask, find, keep
from dispatch.custody.signals.service.assays import draw_residual, record_assay, tend_assays

__all__ = ["Doses", "Found", "answer", "ask", "draw_residual", "find", "keep", "record_assay", "tend_assays"]
