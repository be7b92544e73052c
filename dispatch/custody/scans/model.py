"""What a scan says, and what it is scanned for."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from urllib.parse import quote

LABEL_PREFIX = "HC1:"


class ScanKind(StrEnum):
    """Whose code it is: the maker's GS1 code on the package, or Housecall's own label."""

    PACKAGE = "package"
    LABEL = "label"


class ScanPurpose(StrEnum):
    """What the person is about to do with the vial; decides which findings are refusals.

    ``find`` tells of an expired lot and refuses nothing for it, because an expired vial must be found to be
    returned. ``receive`` and ``use`` refuse it.
    """

    FIND = "find"
    RECEIVE = "receive"
    USE = "use"


@dataclass(frozen=True, kw_only=True)
class Scan:
    """One code as read.

    Attributes
    ----------
    gtin
        14 digits, checksum verified; empty on our own label.
    expires_on
        The last day of use: day 00 of AI 17 is the month's last one.
    """

    kind: ScanKind
    serial: str
    lot: str
    expires_on: date
    gtin: str = ""


@dataclass(frozen=True, kw_only=True)
class KnownVial:
    """What the ledger has of the vial that bears a scanned serial number."""

    lot: str
    expires_on: date
    gtin: str | None


@dataclass(frozen=True, kw_only=True)
class KnownProduct:
    """The product that bears a scanned GTIN, and the expiry that the ledger has of the scanned lot."""

    code: str
    name: str
    lot_expires_on: date | None


def label_text(serial: str, lot: str, expires_on: date) -> str:
    """Return what our own label's code says.

    The seal is printed on the label but is not in the code: who checks a seal reads it off the seal.
    """
    return f"{LABEL_PREFIX}{quote(serial, safe='')}/{quote(lot, safe='')}/{expires_on.isoformat()}"
