"""What screens and reports read of cases. Amounts are micrograms; nothing here writes."""

from dispatch.custody.cases.queries.files import CaseFile, SumLine, case_file
from dispatch.custody.cases.queries.integrity import altered_steps
from dispatch.custody.cases.queries.lines import STATUSES, CaseLine, Sought, case_lines, officers
from dispatch.custody.cases.queries.papers import AttachmentLine, attachment, attachments, form_sheet
from dispatch.custody.cases.rules.forms import FilledField, FormItem, Sheet

__all__ = [
    "STATUSES",
    "AttachmentLine",
    "CaseFile",
    "CaseLine",
    "FilledField",
    "FormItem",
    "Sheet",
    "Sought",
    "SumLine",
    "altered_steps",
    "attachment",
    "attachments",
    "case_file",
    "case_lines",
    "form_sheet",
    "officers",
]
