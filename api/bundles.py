"""An audit bundle as it leaves the house: a checkpoint signed first, the papers for people laid in."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.paper import Facts, Grid, Paper, Prose, pdf_of
from api.sheets import csv_text, harmless
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody.bundle.model import MANIFEST, Asked
from dispatch.custody.bundle.reading import HEADS, event_lines
from dispatch.custody.bundle.service import bundle_files, sealed
from dispatch.custody.bundle.verifier import NOT_CHECKED, Bundle, account_of
from dispatch.custody.log.note import Signer
from dispatch.custody.log.publishing import publish_checkpoint
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Refusal

PDF, CSV = "audit.pdf", "events.csv"
# A paper of more lines than this is not read; the CSV has them all.
MOST_LINES = 3000
WIDTHS = (4.0, 13.0, 8.0, 3.0, 9.0, 7.0, 7.0, 9.0, 7.0, 10.0, 10.0, 16.0)


def make_bundle(
    session: Session,
    asked: Asked,
    signers: Sequence[Signer],
    zone: ZoneInfo,
    actor: Actor,
    clock: Clock,
    purpose: str | None = None,
) -> dict[str, bytes]:
    """Return the files of a bundle; that it was made is written down, with the purpose where one was said.

    A checkpoint is signed first, so that every leaf is under one. Where the log refuses to sign because it
    contradicts itself, the bundle is made nevertheless: it is what shows where.
    """
    if signers:
        with suppress(Refusal), session.begin_nested():
            publish_checkpoint(session, signers, timedelta(0), clock)
    files = bundle_files(session, asked, clock.now())
    bundle = Bundle.read(files | {MANIFEST: b""})
    lines = event_lines(session, bundle.events, zone)
    files[CSV] = csv_text([HEADS, *([harmless(cell) for cell in line] for line in lines)]).encode()
    files[PDF] = pdf_of(_paper(bundle, lines, zone, clock))
    told = {"leaves": len(bundle.leaves), "whole": asked.everything, "visits": asked.shows_visits}
    entry = AuditEntry(
        action="custody.export_bundle",
        subject_kind="custody_log",
        subject_id=None,
        detail=told | ({"purpose": purpose} if purpose else {}),
    )
    record(session, entry, actor, clock)
    return sealed(files)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Pack a bundle, in one folder of its own."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(f"bundle/{name}", content)
    return packed.getvalue()


def _paper(bundle: Bundle, lines: Sequence[tuple[str, ...]], zone: ZoneInfo, clock: Clock) -> Paper:
    header, made_at = bundle.header, clock.now().astimezone(zone)
    wishes = ", ".join(f"{key} {value}" for key, value in header["asked"].items() if value is not None)
    shown = lines[:MOST_LINES]
    return Paper(
        title="Audit bundle of the controlled-substance ledger",
        subtitle="Read from the signed bytes of each entry. The proof is verify.py, not this paper.",
        made_at=made_at,
        wide=True,
        foot=f"Log {header['origin']}",
        blocks=(
            Facts(
                pairs=(
                    ("Made at", made_at.isoformat(timespec="seconds")),
                    ("Asked for", wishes or "the whole log"),
                    ("Log", header["origin"] or "no checkpoint was ever signed"),
                    *(("", said) for said in account_of(bundle)),
                )
            ),
            Grid(
                heads=HEADS,
                rows=tuple(shown),
                widths=WIDTHS,
                aligns=tuple("right" if head == "Amount (mg)" else "left" for head in HEADS),
                heading=f"Events ({len(lines)})",
            ),
            *(
                (Prose(text=f"The first {MOST_LINES} are printed; {CSV} has all of them."),)
                if len(lines) > MOST_LINES
                else ()
            ),
            Prose(heading="What no program can check here", text="\n".join(NOT_CHECKED)),
        ),
    )
