"""A private certificate authority that lives as long as one emulator, or one run.

In: a folder, or the domains that may be spoken for. Out: server certificates for
the host names that clients of Azure Machine Learning use, and a bundle that trusts
their issuer. Nothing is installed on the machine.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
import tempfile
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
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
# The first that a client offers too: HTTP/2 is for those who offer nothing else.
PROTOCOLS = ("http/1.1", "h2")
_LIFETIME = timedelta(days=30)
# Clocks of containers and virtual machines lag; a certificate from the future
# is refused.
_BACKDATED = timedelta(days=1)
_PEM = re.compile(
    rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL
)
_RENEWED = timedelta(days=2)
_NO_IP = [
    x509.IPAddress(ipaddress.ip_network("0.0.0.0/0")),
    x509.IPAddress(ipaddress.ip_network("::/0")),
]


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
        context.set_alpn_protocols(PROTOCOLS)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make_certificates(
    folder: Path,
    *,
    public_roots: bool = False,
    keep: bool = False,
    more: tuple[str, ...] = (),
) -> Certificates:
    """Create an authority and a server certificate signed by it.

    Args:
        folder: Private folder; three files are written to it.
        public_roots: Whether the bundle also holds certifi's roots, for a
            client that talks to the internet besides the emulator.
        keep: Use what is there from another time, while it is still good.
        more: Names of hosts besides `SERVER_NAMES`.

    Returns:
        Where the files are. The authority's key is dropped: nothing can be
        signed with it later.
    """
    files = Certificates(
        folder / "server.pem", folder / "server.key", folder / "bundle.pem"
    )
    if keep and _is_good(files, more):
        return files
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _make_authority(authority_key)
    server_key = ec.generate_private_key(ec.SECP256R1())
    server = _make_server(server_key, authority, authority_key, more)

    trusted = _as_pem(authority) + (_public_roots() if public_roots else b"")
    chain = _as_pem(server) + _as_pem(authority)
    write_whole(files.bundle, trusted, lasting=keep)
    write_whole(files.key, _as_private_pem(server_key), private=True, lasting=keep)
    write_whole(files.certificate, chain, lasting=keep)
    return files


def _is_good(files: Certificates, more: tuple[str, ...]) -> bool:
    try:
        chain = x509.load_pem_x509_certificates(files.certificate.read_bytes())
        certificate, authority = chain
        files.server_context()
        # Each file is whole, but a run may have ended between two of them.
        is_whole = files.bundle.read_bytes().startswith(_as_pem(authority))
        told = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    is_whole = is_whole and set(more) <= set(
        told.value.get_values_for_type(x509.DNSName)
    )
    left = certificate.not_valid_after_utc - datetime.now(UTC)
    return is_whole and left > _RENEWED


class Authority:
    """An authority for one run, and the certificates that it gives to hosts.

    Its key is in memory alone, unless it is kept in a file for the next run. What it
    may speak for is said in its own certificate, so that clients hold it to that.

    Args:
        domains: It may speak for these, and what is below them.
        kept: A file, private to its owner, that keeps key and certificate.
    """

    def __init__(self, domains: Sequence[str], *, kept: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._key, self._certificate = _load_authority(kept, domains)
        self._server_key = ec.generate_private_key(ec.SECP256R1())

    @property
    def pem(self) -> bytes:
        """Its certificate, for those who shall trust it."""
        return _as_pem(self._certificate)

    def write_bundle(self, path: Path, others: bytes = b"") -> None:
        """Write what clients trust: this authority, and other certificates."""
        write_whole(path, self.pem + others)

    def context(self, host: str) -> ssl.SSLContext:
        """TLS of a server that is taken for that host."""
        with self._lock:
            known = self._contexts.get(host)
            if known is None:
                known = self._contexts[host] = self._make_context(host)
            return known

    def _make_context(self, host: str) -> ssl.SSLContext:
        certificate = _sign_server(
            self._server_key, self._certificate, self._key, [_general_name(host)]
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(PROTOCOLS)
        pem = _as_pem(certificate) + self.pem + _as_private_pem(self._server_key)
        with _as_file(pem) as path:
            context.load_cert_chain(path)
        return context


def write_truststore(pem: bytes, path: Path, password: str) -> None:
    """Write certificates for Java, as PKCS 12.

    Args:
        pem: One certificate, or many.
        path: Where.
        password: Java wants one.
    """
    from cryptography.hazmat.primitives.serialization import pkcs12

    held = [
        pkcs12.PKCS12Certificate(one, f"azml-contract-{number}".encode())
        for number, one in enumerate(_load_certificates(pem))
    ]
    encryption = serialization.BestAvailableEncryption(password.encode())
    write_whole(path, pkcs12.serialize_java_truststore(held, encryption))


def _load_certificates(pem: bytes) -> Iterator[x509.Certificate]:
    """Those that can be read: old roots are not all as the standard wants them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for block in _PEM.findall(pem):
            with suppress(ValueError):
                yield x509.load_pem_x509_certificate(block)


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _load_authority(
    kept: Path | None, domains: Sequence[str]
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """The authority that a file keeps, while it is still good; else a new one."""
    if kept is not None and kept.is_file():
        raw = kept.read_bytes()
        key = serialization.load_pem_private_key(raw, None)
        certificate = x509.load_pem_x509_certificate(raw)
        left = certificate.not_valid_after_utc - datetime.now(UTC)
        same = _permitted(certificate) >= set(domains)
        if isinstance(key, ec.EllipticCurvePrivateKey) and left > _RENEWED and same:
            return key, certificate
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _make_authority(key, domains)
    if kept is not None:
        content = _as_private_pem(key) + _as_pem(certificate)
        write_whole(kept, content, private=True)
    return key, certificate


def _permitted(certificate: x509.Certificate) -> set[str]:
    found = certificate.extensions.get_extension_for_class(x509.NameConstraints)
    trees = found.value.permitted_subtrees or ()
    return {str(one.value) for one in trees if isinstance(one, x509.DNSName)}


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """A path for those who read files only; in memory where the system can."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("azml")
        try:
            os.write(handle, content)
            yield f"/proc/self/fd/{handle}"
        finally:
            os.close(handle)
        return
    handle, path = tempfile.mkstemp(prefix="azml-")  # readable by its owner alone
    try:
        os.write(handle, content)
        os.close(handle)
        yield path
    finally:
        Path(path).unlink(missing_ok=True)


def _as_private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


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


def _make_authority(
    key: ec.EllipticCurvePrivateKey, domains: Sequence[str] = ()
) -> x509.Certificate:
    name = _name("azml-contract, this machine only")
    public = key.public_key()
    builder = (
        _builder(name, name)
        .public_key(public)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(public), critical=False
        )
    )
    if domains:
        trees = [x509.DNSName(one) for one in domains]
        builder = builder.add_extension(
            x509.NameConstraints(permitted_subtrees=trees, excluded_subtrees=_NO_IP),
            critical=True,
        )
    return builder.sign(key, hashes.SHA256())


def _make_server(
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    more: tuple[str, ...],
) -> x509.Certificate:
    known = (*SERVER_NAMES, *more)
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in known]
    names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    names.append(x509.IPAddress(ipaddress.ip_address("::1")))
    return _sign_server(key, authority, authority_key, names)


def _sign_server(
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    names: Sequence[x509.GeneralName],
) -> x509.Certificate:
    # OpenSSL 3.2 and Python 3.13 verify strictly: both key identifiers must be
    # there, and the usages must fit.
    return (
        _builder(_name("azml-contract"), authority.subject)
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
