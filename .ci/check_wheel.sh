#!/usr/bin/env bash
# Build the wheel through the sdist, install its core alone in a fresh venv outside the checkout, import it there.
set -euo pipefail
checkout=$PWD
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"$PYTHON" -m build --outdir "$place/dist" . > "$place/build.log" 2>&1 || { cat "$place/build.log"; exit 1; }
"$PYTHON" -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --no-compile "$place"/dist/*.whl -c "$checkout/requirements.lock"
released=$(cd "$checkout" && find checkpoints/released -name manifest.json | wc -l)
cd "$place"
"$place/venv/bin/python" - "$released" <<'PY'
import importlib.util
import sys
from importlib.resources import files
from pathlib import Path

import entrepot.agents.inference
from entrepot.envs.network import load_network

assert load_network("kreen").nodes, "the wheel lacks its networks"
assert files("entrepot.configs").joinpath("network/kreen.yaml").is_file()
shipped = sorted(Path(str(files("entrepot.checkpoints.released"))).rglob("manifest.json"))
assert len(shipped) == int(sys.argv[1]), f"the wheel has {len(shipped)} released modules, the checkout {sys.argv[1]}"
for manifest in shipped:
    entrepot.agents.inference.load(manifest.parent)
for name in ("torch", "ray", "gymnasium", "pettingzoo", "pandas"):
    assert importlib.util.find_spec(name) is None, f"the core install pulled in {name}"
    assert name not in sys.modules
print("the wheel installs and imports with its core dependencies alone")
PY
# The core install serves whoever looks at a network of their own and decides for it.
cp -r "$checkout/examples/my_network" example
cd example
"$place/venv/bin/entrepot" --version
"$place/venv/bin/entrepot" network show my_network.yaml
"$place/venv/bin/entrepot" decide my_network.yaml --stock stock.csv --shipments shipments.csv --orders orders.csv \
  --sales sales.csv --date 2026-11-25 --out today.csv
"$place/venv/bin/entrepot" import . my_network.yaml --data "$place/live" --zone Asia/Shanghai
"$place/venv/bin/entrepot" serve --help > /dev/null
"$place/venv/bin/entrepot" demo --recorded --days 2 --day-seconds 2
[ "$(wc -l < today.csv)" -gt 1 ] || { echo "nothing was ordered in the example"; exit 1; }
