"""``cluster:``, the connection to the workers of a Dask cluster."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from ..text.phrase import phrase
from .section import Section


class ClusterSettings(Section):
    """Certificates for ``--cluster tls://…``; ``--cluster local`` makes its own."""

    ca_file: Path | None = Field(
        None,
        description="Certificate authority (PEM) of scheduler and workers. Use one for this cluster only: anyone "
        "with a certificate from it can run code on the workers. Default: as in Dask's own configuration.",
    )
    cert_file: Path | None = Field(
        None, description="Client certificate (PEM) for the scheduler; it may contain the key."
    )
    key_file: Path | None = Field(None, description="Key (PEM, no password) for cert_file; readable only by this user.")
    insecure: bool = Field(
        False,
        description="Allow --cluster tcp://…: anyone who reaches the scheduler can run code on the workers and read "
        "the rows. The token is not sent; each worker uses its own.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> ClusterSettings:
        if (self.ca_file is None) != (self.cert_file is None):
            raise ValueError(phrase("ca_file and cert_file belong together: set both"))
        if self.key_file is not None and self.cert_file is None:
            raise ValueError(phrase("key_file needs ca_file and cert_file: set them, too"))
        return self
