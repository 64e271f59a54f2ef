"""Check the certificates and the key of ``cluster:`` before a run needs them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec

from ..api.tls import PemFiles, context_of
from ..cluster.certificates import OURS, check_dates
from ..config.cluster import ClusterSettings
from ..errors import ConfigError
from ..exit_codes import ExitCode
from ..text.command_line import install
from ..text.phrase import phrase
from .check import Check, failed, fine, warning

_SOON = timedelta(days=14)
"""Certificates should stay valid for at least this long."""


def check_cluster(cluster: ClusterSettings) -> Iterator[Check]:
    """Check the files that ``cluster:`` names; yield nothing for an empty configuration."""
    if cluster.insecure:
        text = phrase(
            "cluster.insecure allows --cluster tcp://…: anyone who reaches the scheduler can run code on the workers"
        )
        yield warning("cluster", text, phrase("use tls://, with cluster: {ca_file, cert_file, key_file}"))
    if cluster.ca_file is None or cluster.cert_file is None:
        return
    if find_spec("cryptography") is None:
        text = phrase("cluster: is set, but the packages for --cluster are not installed")
        yield warning("cluster", text, install("cluster"))
        return
    files = {OURS[0]: cluster.ca_file, OURS[1]: cluster.cert_file}
    try:
        context_of(PemFiles(cluster.ca_file, cluster.cert_file, cluster.key_file, OURS))
        ends = {name: check_dates(path, name) for name, path in files.items()}
    except ConfigError as error:
        fix = phrase("correct this, or import without --cluster (docs/cluster.md)")
        yield failed("cluster", "; ".join(error.args), fix, ExitCode.USAGE)
        return
    name = min(ends, key=lambda each: ends[each])
    text = phrase("certificates and key match; {name} is valid until {day}", name=name, day=ends[name].date())
    if ends[name] - datetime.now(UTC) < _SOON:
        yield warning("cluster", text, phrase("get a new certificate"))
    else:
        yield fine("cluster", text)
