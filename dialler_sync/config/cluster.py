"""``cluster:``, the connection to the workers of a Dask cluster."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from .section import Section


class ClusterSettings(Section):
    """Certificates for ``--cluster tls://…``; ``--cluster local`` makes its own."""

    ca_file: Path | None = Field(
        None,
        description="The authority (PEM) of scheduler and workers: one for this cluster alone, as whoever has a "
        "certificate of it can run code on the workers. Without it, what Dask's own configuration names.",
    )
    cert_file: Path | None = Field(
        None, description="The certificate (PEM) to show to the scheduler; it may hold the key, too."
    )
    key_file: Path | None = Field(
        None, description="The key (PEM, without a password) of cert_file; only this user may read it."
    )
    insecure: bool = Field(
        False,
        description="Allow --cluster tcp://…: whoever reaches the scheduler can run code on the workers and read the "
        "rows. The token does not travel; each worker uses its own.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> ClusterSettings:
        if (self.ca_file is None) != (self.cert_file is None):
            raise ValueError("ca_file and cert_file belong together: set both")
        if self.key_file is not None and self.cert_file is None:
            raise ValueError("key_file is the key of a certificate: set ca_file and cert_file, too")
        return self
