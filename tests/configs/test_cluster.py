"""What a cluster is told is what it understands."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import ray
import yaml
from pydantic import BaseModel, ConfigDict
from ray.autoscaler._private.util import prepare_config, validate_config

from entrepot import __version__
from entrepot.configs.loader import ConfigurationError, configuration_folder
from entrepot.training.experiment import compose_experiment

FOLDER = configuration_folder() / "cluster"
KUBERNETES = "1.31"
ENVIRONMENT = ("ENTREPOT_ADDRESS", "ENTREPOT_WORKERS", "ENTREPOT_DEVICE", "ENTREPOT_STORAGE")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Group(Strict):
    """KubeRay's HeadGroupSpec, as far as it is used."""

    rayStartParams: dict[str, str]  # noqa: N815 — KubeRay's names
    template: dict[str, Any]


class WorkerGroup(Group):
    groupName: str  # noqa: N815
    replicas: int
    minReplicas: int  # noqa: N815
    maxReplicas: int  # noqa: N815


class RayCluster(Strict):
    rayVersion: str  # noqa: N815
    headGroupSpec: Group  # noqa: N815
    workerGroupSpecs: list[WorkerGroup]  # noqa: N815


class RayJobSpec(Strict):
    """KubeRay's RayJobSpec, as far as it is used: ray-project.github.io/kuberay/reference/api."""

    entrypoint: str
    backoffLimit: int  # noqa: N815
    shutdownAfterJobFinishes: bool  # noqa: N815
    ttlSecondsAfterFinished: int  # noqa: N815
    rayClusterSpec: RayCluster  # noqa: N815


class RayJob(Strict):
    apiVersion: str  # noqa: N815
    kind: str
    metadata: dict[str, Any]
    spec: RayJobSpec


@pytest.fixture
def rayjob() -> RayJob:
    return RayJob.model_validate(yaml.safe_load((FOLDER / "kuberay" / "rayjob.yaml").read_text(encoding="utf-8")))


def test_the_ray_job_is_one_that_kuberay_knows(rayjob: RayJob) -> None:
    assert (rayjob.apiVersion, rayjob.kind) == ("ray.io/v1", "RayJob")
    assert rayjob.spec.rayClusterSpec.rayVersion == ray.__version__
    assert set(rayjob.metadata) == {"generateName"}


def test_its_pods_are_valid_and_run_without_root(rayjob: RayJob) -> None:
    cluster = rayjob.spec.rayClusterSpec
    for group in (cluster.headGroupSpec, *cluster.workerGroupSpecs):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ray"}, **group.template}
        kubernetes_validate.validate(pod, KUBERNETES, strict=True)
        assert group.template["spec"]["securityContext"]["runAsNonRoot"] is True


def test_the_ray_job_has_as_many_gpus_as_it_trains_with(rayjob: RayJob) -> None:
    (workers,) = rayjob.spec.rayClusterSpec.workerGroupSpecs
    (container,) = workers.template["spec"]["containers"]
    environment = {entry["name"]: entry["value"] for entry in container["env"]}
    gpus = workers.replicas * int(container["resources"]["limits"]["nvidia.com/gpu"])
    assert int(environment["ENTREPOT_WORKERS"]) == gpus


def test_the_launchers_file_passes_rays_own_schema() -> None:
    content = yaml.safe_load((FOLDER / "launcher" / "cluster.yaml").read_text(encoding="utf-8"))
    schema = json.loads((Path(ray.__file__).parent / "autoscaler" / "ray-schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, schema)
    validate_config(prepare_config(content))
    with pytest.raises(jsonschema.ValidationError):  # the schema does refuse something
        jsonschema.validate({**content, "head_nodes": 1}, schema)


def test_the_slurm_script_is_sound_and_runs_one_command_on_every_node() -> None:
    script = FOLDER / "slurm" / "train.sh"
    subprocess.run(["bash", "-n", str(script)], check=True, timeout=60)
    text = script.read_text(encoding="utf-8")
    assert "ray symmetric-run" in text
    assert re.search(r"-- entrepot train cluster=ray", text)


def test_the_image_runs_without_root_on_a_cuda_base() -> None:
    lines = (FOLDER / "image" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    base = [line for line in lines if line.startswith("FROM")]
    users = [line.split()[1] for line in lines if line.startswith("USER")]
    assert len(base) == 1
    assert base[0].startswith("FROM nvidia/cuda:")
    assert users[-1] not in ("root", "0")
    assert any(f"entrepot:{__version__}" in line for line in lines)


@pytest.mark.parametrize("entrypoint", ["rayjob", "launcher", "slurm"])
def test_the_command_that_each_of_them_runs_is_an_experiment(entrypoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = {"rayjob": "kuberay/rayjob.yaml", "launcher": "launcher/cluster.yaml", "slurm": "slurm/train.sh"}[entrypoint]
    found = re.search(r"entrepot train ([^\n\"]*)", (FOLDER / file).read_text(encoding="utf-8"))
    assert found is not None
    monkeypatch.setenv("ENTREPOT_WORKERS", "8")
    monkeypatch.setenv("ENTREPOT_STORAGE", "s3://bucket/runs")
    overrides = [word for word in found[1].split() if "=" in word and "$" not in word]
    compute = compose_experiment(overrides).compute
    assert (compute.address, compute.workers, compute.device) == ("auto", 8, "cuda")
    assert compute.storage == "s3://bucket/runs"


def test_the_same_experiment_runs_here_and_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTREPOT_WORKERS", "3")
    monkeypatch.setenv("ENTREPOT_STORAGE", "/shared")
    here, there = compose_experiment(["seed=4"]), compose_experiment(["seed=4", "cluster=ray", "compute.device=cpu"])
    assert here.model_dump(exclude={"compute"}) == there.model_dump(exclude={"compute"})
    assert here.compute.address is None
    assert (there.compute.workers, there.compute.device, there.compute.storage) == (3, "cpu", "/shared")
    assert there.compute.most_failures == here.compute.most_failures


def test_a_cluster_without_storage_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError, match=r"ENTREPOT_(WORKERS|STORAGE)"):
        compose_experiment(["cluster=ray"])
