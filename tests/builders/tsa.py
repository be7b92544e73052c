"""A time-stamping authority of one's own: its certificate, and RFC 3161 responses written in DER by hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from rfc3161_client._rust import parse_timestamp_request

SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
SHA256, ECDSA_SHA256, POLICY = "2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.3.2", "1.2.3.4.1"


def der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def sequence(*parts: bytes) -> bytes:
    return der(0x30, *parts)


def a_set(*parts: bytes) -> bytes:
    return der(0x31, *sorted(parts))


def integer(value: int) -> bytes:
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(body: bytes) -> bytes:
    return der(0x04, body)


def oid(text: str) -> bytes:
    first, second, *rest = map(int, text.split("."))
    found = bytes([40 * first + second])
    for number in rest:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(number & 0x7F | 0x80)
        found += bytes(reversed(groups))
    return der(0x06, found)


@dataclass
class Authority:
    """Stamps what it is asked to, at the moment `at`."""

    key: ec.EllipticCurvePrivateKey
    root: x509.Certificate
    certificate: x509.Certificate
    at: datetime

    @property
    def root_pem(self) -> bytes:
        return self.root.public_bytes(Encoding.PEM)

    def stamp(self, request: bytes, *, imprint: bytes | None = None, nonce: int | None = None) -> bytes:
        """Answer a request; `imprint` and `nonce` make it lie."""
        asked = parse_timestamp_request(request)
        stamped = sequence(
            integer(1),
            oid(POLICY),
            sequence(sequence(oid(SHA256)), octets(imprint or asked.message_imprint.message)),
            integer(77),
            der(0x18, self.at.strftime("%Y%m%d%H%M%SZ").encode()),
            integer(asked.nonce if nonce is None else nonce),
        )
        return sequence(sequence(integer(0)), self._token(stamped))

    def _token(self, stamped: bytes) -> bytes:
        certificate = self.certificate.public_bytes(Encoding.DER)
        named = sequence(sequence(sequence(octets(sha256(certificate).digest()))))
        attributes = (
            sequence(oid(CONTENT_TYPE), a_set(oid(TST_INFO))),
            sequence(oid(MESSAGE_DIGEST), a_set(octets(sha256(stamped).digest()))),
            sequence(oid(SIGNING_CERTIFICATE), a_set(named)),
        )
        signature = self.key.sign(a_set(*attributes), ec.ECDSA(hashes.SHA256()))
        signer = sequence(
            integer(1),
            sequence(self.certificate.issuer.public_bytes(), integer(self.certificate.serial_number)),
            sequence(oid(SHA256)),
            der(0xA0, *sorted(attributes)),
            sequence(oid(ECDSA_SHA256)),
            octets(signature),
        )
        signed = sequence(
            integer(3),
            a_set(sequence(oid(SHA256))),
            sequence(oid(TST_INFO), der(0xA0, octets(stamped))),
            der(0xA0, certificate),
            a_set(signer),
        )
        return sequence(oid(SIGNED_DATA), der(0xA0, signed))


def an_authority(at: datetime) -> Authority:
    """A root and an authority under it, both good for long around `at`."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate("Test root", root_key, None, root_key, at)
    return Authority(key, root, _certificate("Test stamps", key, root, root_key, at), at)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    at: datetime,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(
        digital_signature=issuer is not None, key_cert_sign=issuer is None, crl_sign=issuer is None,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=3650))
        .not_valid_after(at + timedelta(days=36500))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if issuer is not None:
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return made.sign(issuer_key, hashes.SHA256())
