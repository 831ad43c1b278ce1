"""A campaign on a Dask cluster of this machine, against the same in one process.

Both must give the same verdicts, counts and findings.
``python benchmarks/campaign.py --seeds 20 --tier smoke embedded mykernels.py:flash``
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import distributed
from interrupted import said

from attnspec.conformance.campaigns import campaign, runs_of
from attnspec.conformance.targets import Request


def reports(
    folder: Path, asked: argparse.Namespace, scheduler: str | None
) -> list[object]:
    """Make a campaign, and return what its reports say."""
    begun = time.monotonic()
    requests = [Request(target) for target in asked.targets]
    runs = runs_of(requests, range(asked.seeds), folder)
    found = campaign(
        runs,
        jobs=None if scheduler else 1,
        scheduler=scheduler,
        dtypes=(),
        only=tuple(asked.only),
        tier=asked.tier,
    )
    where = "on the cluster" if scheduler else "in one process"
    seconds = time.monotonic() - begun
    print(f"{where}: {len(runs)} runs, {len(found.failures)} failures, {seconds:.0f} s")
    return [said(run.path) for run in runs]


def main() -> int:
    """Compare; return 1 if something differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", default=["embedded"])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--tier", default="smoke")
    parser.add_argument("--only", action="append", default=[])
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
    ):
        spread = reports(Path(folder, "spread"), asked, cluster.scheduler_address)
        alone = reports(Path(folder, "alone"), asked, None)
    differ = sum(one != other for one, other in zip(spread, alone, strict=True))
    print(f"{len(alone)} reports, {differ} differ")
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main())
