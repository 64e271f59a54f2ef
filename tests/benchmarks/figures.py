"""The figures of README and docs/performance.md, measured here and now: tables in Markdown, and a plot.

``python tests/benchmarks/figures.py [--rows 20000] [--nights 10000 100000] [--out FOLDER]``. ``--nights`` takes
1000000 too, for half an hour. The plot needs the extra ``bench``.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import diff
import journal
import nights
import scaling
import throughput

LATENCIES = (0.0, 0.020)
CONNECTIONS = 32
NAIVE_ROWS = 1_000
JOURNAL_ROWS = 50_000


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> Iterator[str]:
    """In Markdown; all columns but the first are numbers."""
    yield f"| {' | '.join(head)} |"
    yield f"|---|{'--:|' * (len(head) - 1)}"
    for line in lines:
        yield f"| {' | '.join(line)} |"
    yield ""


def machine() -> str:
    """What was measured on."""
    hardware = f"{os.cpu_count()} cores, {platform.machine()}"
    busy = f"load {os.getloadavg()[0]:.1f} when it began"
    return f"{datetime.now(UTC):%Y-%m-%d}, {hardware}, Python {platform.python_version()}, {busy}"


def throughput_table(found: Sequence[throughput.Throughput]) -> Iterator[str]:
    head = (
        "latency",
        "a import",
        "a while sending",
        "b bare aiohttp",
        "c naive loop",
        "a/b",
        "sending/b",
        "a/c",
        "of the possible",
    )
    yield from table(
        head,
        (
            (
                f"{one.latency * 1000:.0f} ms",
                *(f"{rows:,.0f}/s" for rows in (one.whole, one.sending, one.bare, one.naive)),
                f"{one.whole / one.bare:.2f}",
                f"{one.sending / one.bare:.2f}",
                f"{one.whole / one.naive:.1f}",
                f"{one.sending / one.most:.0%}" if one.latency else "",
            )
            for one in found
        ),
    )


def plot(found: Sequence[throughput.Throughput], of_nights: Sequence[nights.Night], path: Path) -> None:
    """Rows a second of a, b and c, and the peak memory by rows."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for at, (name, attribute) in enumerate(
        (("dialler-sync", "whole"), ("bare aiohttp", "bare"), ("naive loop", "naive"))
    ):
        places = [n + (at - 1) * 0.27 for n in range(len(found))]
        bars = left.bar(places, [getattr(one, attribute) for one in found], 0.25, label=name)
        left.bar_label(bars, fmt="{:,.0f}", fontsize=8)
    left.set_xticks(range(len(found)), [f"{one.latency * 1000:.0f} ms" for one in found])
    left.set(title="rows a second, by the dialler's latency")
    left.legend(frameon=False, fontsize=8)
    first = [night for night in of_nights if night.name == "first"]
    right.plot([night.rows for night in first], [night.peak for night in first], marker="o")
    right.set(
        title="peak memory of an import, in MB", xscale="log", xlabel="rows", ylim=(0, 1.3 * max(n.peak for n in first))
    )
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--nights", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--postgres", help="URL of a database, for the journal's cost")
    parser.add_argument("--out", type=Path, default=Path("figures"))
    options = parser.parse_args()
    options.out.mkdir(exist_ok=True)
    told = [machine(), ""]

    found = [throughput.measure(latency, options.rows, NAIVE_ROWS, CONNECTIONS) for latency in LATENCIES]
    told += throughput_table(found)
    told += [f"First request after {found[0].first_request[0]:.1f} s of 1,000 rows.", ""]
    by_workers = {workers: scaling.measure(workers) for workers in scaling.WORKERS}
    told += table(
        ("workers of a cluster", "rows/s while sending", "whole command"),
        (
            (f"{workers or 'none'}", f"{scaling.ROWS / timed.sending:,.0f}", f"{timed.whole:.1f} s")
            for workers, timed in by_workers.items()
        ),
    )
    of_nights = [night for rows in options.nights for night in nights.nights(rows)]
    told += table(
        ("rows", "night", "seconds", "requests", "peak memory"),
        ((f"{n.rows:,}", n.name, f"{n.seconds:.1f}", f"{n.requests:,}", f"{n.peak} MB") for n in of_nights),
    )
    told += table(
        (f"{diff.ROWS:,} rows at 20 ms, changed", "seconds", "requests", "of a full run"),
        ((one.name, f"{one.seconds:.1f}", f"{one.requests:,}", f"{one.share:.1%}") for one in diff.measure(diff.ROWS)),
    )
    with tempfile.TemporaryDirectory() as folder:
        states = {"SQLite": str(Path(folder) / "journal.db")} | (
            {"PostgreSQL": options.postgres} if options.postgres else {}
        )
        costs = {name: journal.measure(state, JOURNAL_ROWS) for name, state in states.items()}
    told += table(
        ("journal, µs a row", *costs["SQLite"], "sum"),
        ((name, *(f"{us:.1f}" for us in took.values()), f"{sum(took.values()):.1f}") for name, took in costs.items()),
    )
    text = "\n".join(told)
    print(text)
    (options.out / "figures.md").write_text(text, encoding="utf-8")
    plot(found, of_nights, options.out / "figures.svg")


if __name__ == "__main__":
    main()
