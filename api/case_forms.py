"""DEA's forms of a case as PDF and as CSV: every answer with where it comes from, what is missing by name."""

from datetime import datetime

from api.paper import Block, Facts, Grid, Paper, Prose, SignHere, pdf_of
from api.sheets import csv_text, harmless
from dispatch.custody.cases.queries import CaseLine, FilledField, FormItem, Sheet
from dispatch.kernel.quantities import mg_text

HEADS = ("Substance", "NDC", "Lot", "Strength", "Form", "Full", "Partial", "Amount (mg)", "From")
CSV_HEADS = ("section", "field", "answer", "missing", "from")
OATHS = {
    "106": "I declare that what is stated above is true, as far as I know.",
    "41": (
        "We declare under penalty of perjury that we witnessed the destruction of the substances listed, "
        "to an extent that they are non-retrievable (21 CFR 1304.21(e), 1317.95(d))."
    ),
}


def file_name(line: CaseLine, form: str, ending: str) -> str:
    """Name a form's file after the form and the day of the discovery; never after a person."""
    return f"form-{form}-{line.discovered_on}-{line.case.case_id.hex[-6:]}.{ending}"


def form_as_pdf(sheet: Sheet, line: CaseLine, made_at: datetime) -> bytes:
    """Lay a form out, as the registrant would copy it onto DEA's own or file it."""
    zone_time = made_at.astimezone(line.zone)
    blocks: list[Block] = []
    if sheet.missing:
        missing = "\n".join(f"- {label}" for label in sheet.missing)
        blocks.append(Prose(heading=f"Still missing: {len(sheet.missing)}", text=missing))
    for section, fields in sheet.sections.items():
        pairs = tuple((each.asked.label, _answer(each)) for each in fields)
        blocks.append(Facts(heading=section, pairs=pairs))
    blocks.append(
        Grid(
            heading="Substances",
            heads=HEADS,
            rows=tuple(map(_row, sheet.items)),
            aligns=("left", "left", "left", "left", "left", "right", "right", "right", "left"),
            widths=(1.5, 1.3, 0.9, 2.2, 0.9, 0.6, 0.8, 1.2, 2.2),
            when_empty="No substance is named by the ledger.",
        )
    )
    blocks.append(Prose(text=OATHS[sheet.form]))
    blocks.append(SignHere(captions=_captions(sheet)))
    paper = Paper(
        title=sheet.title,
        subtitle=(
            f"Case {line.case.case_id}, discovered "
            f"{line.case.opening.discovered_at.astimezone(line.zone):%Y-%m-%d %H:%M %Z}. "
            f"Made {zone_time:%Y-%m-%d %H:%M %Z} from the custody ledger."
        ),
        made_at=zone_time,
        blocks=tuple(blocks),
        foot=f"Form {sheet.form}, case {line.case.case_id}",
    )
    return pdf_of(paper)


def _answer(filled: FilledField) -> str:
    if not filled.value:
        return "MISSING" if filled.missing else ""
    return f"{filled.value}  [{_from(filled)}]"


def _from(filled: FilledField | FormItem) -> str:
    return "; ".join(trace.says for trace in filled.traces)


def _captions(sheet: Sheet) -> tuple[str, ...]:
    answers = {each.asked.key: each.value for each in sheet.fields}
    if sheet.form == "41":
        return tuple(
            f"{answers.get(key) or ordinal + ' employee'}: signature, date"
            for key, ordinal in (("witness_1", "First"), ("witness_2", "Second"))
        )
    return (f"{answers.get('signed_by') or 'Registrant or authorized person'}: signature, title, date",)


def _row(item: FormItem) -> tuple[str, ...]:
    return (
        item.product,
        item.ndc,
        item.lot,
        item.strength,
        item.dosage_form,
        str(item.full_packages),
        str(item.partial_packages),
        mg_text(item.amount_ug),
        _from(item),
    )


def form_as_csv(sheet: Sheet) -> str:
    """Write a form as CSV: a line a field, then a line a substance; no cell runs as a formula."""
    rows: list[tuple[str, ...]] = [CSV_HEADS]
    rows += [
        (
            each.asked.section,
            each.asked.label,
            each.value.replace("\n", ", "),
            "yes" if each.missing else "",
            _from(each),
        )
        for each in sheet.fields
    ]
    rows.append(())
    rows.append(HEADS)
    rows += [_row(item) for item in sheet.items]
    return csv_text([harmless(cell) for cell in row] for row in rows)
