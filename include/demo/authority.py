"""A private certificate authority, as councils' own often are, with the one certificate of its servers."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """ca: the authority's certificate as PEM text. server: a PEM file with a certificate from it and its key."""

    ca: str
    server: Path

    @classmethod
    def make(cls, folder: Path, days: int = 1, hosts: Sequence[str] = ()) -> Authority:
        """Make a new authority and a certificate for 127.0.0.1 and for hosts by name, good for so many days.

        The authority's key is kept nowhere; `server.pem` in the folder is for its owner only.
        """
        ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        ca_name, name = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("Council CA", "api"))
        now = dt.datetime.now(dt.UTC)

        def signed(subject: x509.Name, public: ec.EllipticCurvePublicKey, *extensions: x509.ExtensionType) -> bytes:
            # From Python 3.13 on certificates are held to RFC 5280, which asks for both key identifiers.
            builder = (
                x509.CertificateBuilder(ca_name, subject, public, x509.random_serial_number())
                .not_valid_before(now - _DAY)
                .not_valid_after(now + days * _DAY)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
            )
            for extension in extensions:
                builder = builder.add_extension(extension, critical=True)
            return builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

        use = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False,
        )  # fmt: skip
        ca = signed(ca_name, ca_key.public_key(), x509.BasicConstraints(ca=True, path_length=None), use)
        address = x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), *(x509.DNSName(host) for host in hosts)]
        )
        pem = folder / "server.pem"
        pem.unlink(missing_ok=True)
        pem.touch(mode=0o600)
        pem.write_bytes(
            signed(name, key.public_key(), address)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return cls(ca.decode(), pem)
