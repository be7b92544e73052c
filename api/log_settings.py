"""How the custody log's keys, witnesses and time-stamping authority are written in the environment."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.x509 import Certificate, load_pem_x509_certificates

from api.outgoing import outgoing_url
from dispatch.custody.log.note import COSIGNATURE, ED25519, Signer, Verifier

PRIVATE = "PRIVATE+KEY+"


@dataclass(frozen=True)
class WitnessPlace:
    """A witness's key and where it is asked."""

    verifier: Verifier
    url: str


def read_signers(raw: str) -> tuple[Signer, ...]:
    """Read keys separated by commas, or the file that `raw` names with one a line."""
    if not raw.strip():
        return ()
    if not raw.strip().startswith(PRIVATE):
        try:
            raw = Path(raw).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise ValueError("give keys of `housecall log-key`, or a readable file with one a line") from None
    found = tuple(Signer.read(each.strip()) for each in raw.replace("\n", ",").split(",") if each.strip())
    if not found or any(each.kind != ED25519 or each.name != found[-1].name for each in found):
        raise ValueError("give keys of one log, all of the same name (`housecall log-key`)")
    return found


def log_keys(raw: str) -> str:
    """Return keys as one line; a file is read once, here."""
    return ",".join(each.written() for each in read_signers(raw))


def read_witnesses(raw: str) -> tuple[WitnessPlace, ...]:
    """Read ``VERIFIER URL`` pairs separated by commas, or raise `ValueError`."""
    found = []
    for pair in filter(None, (each.strip() for each in raw.split(","))):
        key, _, url = pair.partition(" ")
        verifier = Verifier.read(key)
        if verifier.kind != COSIGNATURE:
            raise ValueError("a witness's key is of type 4; `housecall witness key` prints it")
        found.append(WitnessPlace(verifier, outgoing_url(url.strip())))
    return tuple(found)


def witnesses(raw: str) -> str:
    """Return the pairs as they are, once they can be read."""
    read_witnesses(raw)
    return raw


def read_roots(path: str) -> tuple[Certificate, ...]:
    """Read PEM certificates from a file, or raise `ValueError`."""
    if not path:
        return ()
    try:
        return tuple(load_pem_x509_certificates(Path(path).read_bytes()))
    except (OSError, ValueError):
        raise ValueError("name a readable file of PEM certificates") from None


def roots(path: str) -> str:
    """Return the path, once its certificates can be read."""
    read_roots(path)
    return path
