"""One process as a scheduler would run it: it imports the inference library alone, decides many times, and reports.

Run by `inference.py`: `python inference_process.py MODULE_FOLDER INPUTS.npz RUNS THREADS` prints one JSON object.
"""

import sys
import time

START = time.perf_counter()
from entrepot.agents.inference import Tolerance, load  # noqa: E402 - what is measured is this import

IMPORT_SECONDS = time.perf_counter() - START

import json  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402

ANYTHING = Tolerance(margin=1e9)
"""The inputs are made up; the envelope's check costs the same whether it is narrow or wide."""
WARM_UP_RUNS = 20


def main(folder: str, inputs: str, runs: int, threads: int) -> None:
    """Time single decisions for one network."""
    module = load(folder, threads=threads)
    with np.load(inputs, allow_pickle=False) as archive:
        snapshot = {name: archive[name] for name in module.manifest.snapshot}
        network = {name: archive[name] for name in module.manifest.network}
    taken, worked = [], []
    for run in range(WARM_UP_RUNS + runs):
        worked_before, start = time.process_time(), time.perf_counter()
        decision = module.decide(snapshot, network, age_seconds=1.0, tolerance=ANYTHING)
        if run >= WARM_UP_RUNS:
            taken.append(time.perf_counter() - start)
            worked.append(time.process_time() - worked_before)
    if decision.source != ("policy",):
        raise SystemExit(f"the policy was not asked: {decision.explain()}")
    p50, p99 = np.percentile(np.array(taken) * 1000, [50, 99])
    cpu_p50, cpu_p99 = np.percentile(np.array(worked) * 1000, [50, 99])
    figures = {"p50_ms": p50, "p99_ms": p99, "cpu_p50_ms": cpu_p50, "cpu_p99_ms": cpu_p99}
    print(json.dumps({**figures, "import_s": IMPORT_SECONDS, "rss_mib": peak_rss_mib()}))


def peak_rss_mib() -> float:
    """Of this program alone: getrusage would count what the parent had before it started this one."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
