"""A private certificate authority that lives as long as one emulator.

In: a folder. Out: a server certificate for the host names that clients of
Azure Machine Learning use, its key, and a bundle that trusts its issuer. The
keys exist only in that folder; nothing is installed on the machine.
"""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from azml_contract.whole_file import write_whole

SERVER_NAMES = (
    "management.azure.com",
    "login.microsoftonline.com",
    "login.windows.net",
    "*.api.azureml.ms",
    "ml.azure.com",
    "*.blob.core.windows.net",
    "localhost",
)
_LIFETIME = timedelta(days=30)
# Clocks of containers and virtual machines lag; a certificate from the future
# is refused.
_BACKDATED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Certificates:
    """Paths of PEM files: what the servers present, what clients trust."""

    certificate: Path
    key: Path
    bundle: Path

    def server_context(self) -> ssl.SSLContext:
        """A TLS context for the emulator's own server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate, self.key)
        return context


def make_certificates(folder: Path, *, public_roots: bool = False) -> Certificates:
    """Create an authority and a server certificate signed by it.

    Args:
        folder: Existing private folder; three files are written to it.
        public_roots: Whether the bundle also holds certifi's roots, for a
            client that talks to the internet besides the emulator.

    Returns:
        Where the files are. The authority's key is dropped: nothing can be
        signed with it later.
    """
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _make_authority(authority_key)
    server_key = ec.generate_private_key(ec.SECP256R1())
    server = _make_server(server_key, authority, authority_key)

    files = Certificates(
        folder / "server.pem", folder / "server.key", folder / "bundle.pem"
    )
    files.certificate.write_bytes(_as_pem(server) + _as_pem(authority))
    write_whole(
        files.key,
        server_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        private=True,
    )
    files.bundle.write_bytes(
        _as_pem(authority) + (_public_roots() if public_roots else b"")
    )
    return files


def _public_roots() -> bytes:
    import certifi

    return Path(certifi.where()).read_bytes()


def _as_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(subject: x509.Name, issuer: x509.Name) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _LIFETIME)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _make_authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name("azml-contract emulator, this machine only")
    public = key.public_key()
    return (
        _builder(name, name)
        .public_key(public)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(public), critical=False
        )
        .sign(key, hashes.SHA256())
    )


def _make_server(
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in SERVER_NAMES]
    names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    names.append(x509.IPAddress(ipaddress.ip_address("::1")))
    # OpenSSL 3.2 and Python 3.13 verify strictly: both key identifiers must be
    # there, and the usages must fit.
    return (
        _builder(_name("azml-contract emulator"), authority.subject)
        .public_key(key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(
                authority_key.public_key()
            ),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
