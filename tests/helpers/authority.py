"""A certificate authority and its certificates, as an administrator makes them for a cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs certificates; all files are in ``folder``, keys readable by their owner only."""

    folder: Path
    name: str = "cluster"
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        self._sign(self._key.public_key(), self.ca, -1, 2, authority=True)

    @property
    def ca(self) -> Path:
        return self.folder / f"{self.name}-ca.pem"

    def certify(self, name: str, begins: float = -1, ends: float = 1) -> tuple[Path, Path]:
        """Return certificate and key for ``name``, valid from ``begins`` to ``ends`` in days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        cert_file, key_file = self.folder / f"{name}.pem", self.folder / f"{name}-key.pem"
        self._sign(key.public_key(), cert_file, begins, ends)
        key_file.touch(mode=0o600)
        form, secret = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, secret))
        return cert_file, key_file

    def _sign(
        self, key: ec.EllipticCurvePublicKey, path: Path, begins: float, ends: float, *, authority: bool = False
    ) -> None:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, path.stem)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.ca.stem)]))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins * DAY)
            .not_valid_after(now + ends * DAY)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if not authority:
            builder = builder.add_extension(x509.SubjectAlternativeName([_name_of(path.stem)]), critical=False)
        made = builder.sign(self._key, hashes.SHA256())
        path.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _name_of(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
