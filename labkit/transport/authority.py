"""A lab's own certificate authority. Needs the package `cryptography` (`pip install labkit[tls]`)."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from pathlib import Path

from labkit.errors import LabkitError

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ImportError:
    raise LabkitError("making certificates needs a package more: pip install 'labkit[tls]'") from None


def make_certificates(directory: Path, ids: Sequence[str], days: int) -> list[Path]:
    """Write `<id>.pem` and `<id>.key` for each id, signed by the authority in `ca.pem` and `ca.key`, which is made if
    it is not there. Certificates that are there are replaced. Returns the files written.

    Whoever has `ca.key` can speak in any node's name: nodes do not need it, so leave it where you made it.
    """
    for id in ids:
        if not id.isascii() or not id or len(id) > 60 or id == "ca" or any(part in id for part in "/\\ \0"):
            raise LabkitError(f"{id!r} cannot be in a certificate: an id of ASCII letters, digits, - and _ can")
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    if (directory / "ca.pem").exists():
        authority = x509.load_pem_x509_certificate((directory / "ca.pem").read_bytes())
        try:
            key = serialization.load_pem_private_key((directory / "ca.key").read_bytes(), None)
        except OSError:
            raise LabkitError(f"{directory} has a ca.pem but no ca.key: new certificates cannot be signed") from None
        assert isinstance(key, ec.EllipticCurvePrivateKey)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("labkit lab authority")
        authority = (
            _builder(name, name, key.public_key(), days)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        written += [_write_key(directory / "ca.key", key), _write_certificate(directory / "ca.pem", authority)]
    for id in ids:
        own = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(_name(id), authority.subject, own.public_key(), days)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(id)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        written += [
            _write_key(directory / f"{id}.key", own),
            _write_certificate(directory / f"{id}.pem", certificate),
        ]
    return written


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))  # clocks differ
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> Path:
    """Readable for its owner alone from the first moment on."""
    data = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    return path


def _write_certificate(path: Path, certificate: x509.Certificate) -> Path:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return path
