"""Read a code and judge what it says; pure. The GS1 grammar is biip's.

A hand scanner types the code as a keyboard would. The character that GS1 puts behind a lot or serial number
of variable length (FNC1, sent as the control character 29) has no key, so scanners are set to send something
in its place, and pages show it as "␝".
"""

from datetime import date
from urllib.parse import unquote

from biip import ParseConfig, ParseError
from biip.gs1_element_strings import GS1ElementStrings
from biip.gs1_messages import GS1Message
from biip.gtin import Gtin

from dispatch.custody.scans.model import LABEL_PREFIX, KnownProduct, KnownVial, Scan, ScanKind, ScanPurpose
from dispatch.custody.sentences import reason
from dispatch.kernel.refusals import Invalid, Reason

LONGEST_SCAN = 400
# What scanners are set to send for FNC1. But for the last, no character of them may stand in a GS1 value.
SEPARATORS = ("\x1d", "␝", "^]", "{GS}", "|", "<GS>")
GS = "\x1d"
GTIN, LOT, EXPIRY, SERIAL = "01", "10", "17", "21"
# A date that is none becomes a refusal of its own; of an expiry, not of the whole code.
GRAMMAR = ParseConfig(gs1_element_strings_verify_date=False)


def gtin_14(text: str) -> str:
    """Return a GTIN of 8, 12, 13 or 14 digits as 14 digits, its checksum verified.

    Raises
    ------
    ValueError
        When it is none (GS1 General Specifications, section 7.9: the standard check digit).
    """
    if not (text.isascii() and text.isdigit()):
        raise ValueError("a GTIN has digits only")
    try:
        return Gtin.parse(text).as_gtin_14()
    except ParseError as error:
        raise ValueError(str(error)) from None


def read_scan(text: str) -> Scan:
    """Read what a scanner, a camera or a person sent.

    Takes the element string of a GS1 DataMatrix, QR or GS1-128 with or without its symbology identifier,
    its human-readable form ``(01)...(17)...``, and our own labels.

    Raises
    ------
    Invalid
        With everything that is missing or wrong: no GS1 code, GTIN (AI 01) missing or of a wrong checksum,
        expiry (AI 17) missing or no date, lot (AI 10) missing, serial number (AI 21) missing.
    """
    sent = text.strip()
    if not sent:
        raise Invalid([reason("scan_empty", "scan")])
    if len(sent) > LONGEST_SCAN or not sent.replace(GS, "").isprintable():
        raise Invalid([reason("scan_unreadable", "scan")])
    if sent.startswith(LABEL_PREFIX):
        return _label(sent)
    return _package(_elements(sent))


def _label(sent: str) -> Scan:
    parts = [unquote(part) for part in sent.removeprefix(LABEL_PREFIX).split("/")]
    try:
        serial, lot, expiry = parts
        if not serial or not lot:
            raise ValueError("a label names its vial and its lot")
        return Scan(kind=ScanKind.LABEL, serial=serial, lot=lot, expires_on=date.fromisoformat(expiry))
    except ValueError:
        raise Invalid([reason("label_unreadable", "scan")]) from None


def _elements(sent: str) -> GS1ElementStrings:
    for separator in SEPARATORS:
        sent = sent.replace(separator, GS)
    if sent.startswith("]"):  # ISO/IEC 15424: a symbology identifier has three characters
        sent = sent[3:]
    sent = sent.strip(GS)
    try:
        read = GS1Message.parse_hri if sent.startswith("(") else GS1Message.parse
        return read(sent, config=GRAMMAR).element_strings
    except ParseError:
        raise Invalid([reason("scan_unreadable", "scan")]) from None


def _package(elements: GS1ElementStrings) -> Scan:
    """Take the four values of a drug package (21 USC 360eee(14): NDC, serial, lot, expiry)."""
    found = {each.ai.ai: each for each in reversed(elements)}
    gtin, lot, expiry, serial = (found.get(ai) for ai in (GTIN, LOT, EXPIRY, SERIAL))
    wrong: list[Reason] = []
    if gtin is None:
        wrong.append(reason("gtin_missing", "scan"))
    elif gtin.gtin is None:
        wrong.append(reason("gtin_checksum", "scan"))
    if expiry is None:
        wrong.append(reason("expiry_missing", "scan"))
    elif expiry.date is None:
        wrong.append(reason("expiry_not_a_date", "scan"))
    if lot is None:
        wrong.append(reason("lot_missing", "scan"))
    if serial is None:
        wrong.append(reason("serial_missing", "scan"))
    if wrong or not (gtin and gtin.gtin and lot and expiry and expiry.date and serial):
        raise Invalid(wrong)
    return Scan(
        kind=ScanKind.PACKAGE,
        gtin=gtin.gtin.as_gtin_14(),
        lot=lot.value,
        expires_on=expiry.date,
        serial=serial.value,
    )


def scan_contradicts(
    scan: Scan,
    purpose: ScanPurpose,
    product: KnownProduct | None,
    vial: KnownVial | None,
    today: date,
) -> list[Reason]:
    """Return what forbids to go on with the scanned vial, all of it at once.

    A known serial number with another lot, expiry or product on its package is no misreading: one of the
    two labels is wrong, and the vial is not used (21 CFR 1304.21(a): records accurate).
    """
    codes: list[str] = []
    if scan.kind is ScanKind.PACKAGE and product is None:
        codes.append("product_unknown")
    if vial is None and (purpose is ScanPurpose.USE or scan.kind is ScanKind.LABEL):
        codes.append("vial_unknown")
    if vial is not None and purpose is ScanPurpose.RECEIVE:
        codes.append("vial_known")
    if vial is not None and scan.lot != vial.lot:
        codes.append("lot_mismatch")
    on_record = vial.expires_on if vial is not None else product.lot_expires_on if product else None
    if on_record is not None and scan.expires_on != on_record:
        codes.append("expiry_mismatch")
    if vial is not None and scan.gtin and vial.gtin and scan.gtin != vial.gtin:
        codes.append("product_mismatch")
    if purpose is not ScanPurpose.FIND and scan.expires_on < today:
        codes.append("scan_expired")
    return [reason(code, "scan") for code in codes]
