"""What may be loaded, and what is refused with a word on why."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import json
import os
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entrepot.agents.inference import InferenceError, InferenceModule, InputRefused, ModuleRefused, load
from entrepot.agents.inference.json_reader import MANIFEST
from entrepot.agents.inference.loading import latest_version, load_unnamed
from entrepot.agents.inference.manifest import FILES, seal
from tests.agents.inference.cases import Case, copy_of, reseal, snapshot_for

EVERY_FILE = (MANIFEST, *FILES)


class _Trap:
    """Leaves a mark if anybody unpickles it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


def test_a_module_says_what_it_is(module: InferenceModule, folder: Path) -> None:
    assert module.versions.module == "kreen-test/0001"
    assert module.versions.manifest_digest == hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    assert module.manifest.provenance["libraries"]["torch"]


def test_a_name_stands_for_its_latest_version(folder: Path) -> None:
    assert load(folder.parent).versions.module == "kreen-test/0001"


@pytest.mark.parametrize("name", EVERY_FILE)
@pytest.mark.parametrize("place", [0.02, 0.5, 0.98])
def test_a_flipped_bit_in_any_file_is_refused(folder: Path, tmp_path: Path, name: str, place: float) -> None:
    altered = copy_of(folder, tmp_path)
    data = bytearray((altered / name).read_bytes())
    data[int(place * len(data))] ^= 1
    (altered / name).write_bytes(data)
    with pytest.raises(ModuleRefused, match=name):
        load(altered)


@pytest.mark.parametrize(
    ("old", "new"), [('"maximum_age_seconds": 86400.0', '"maximum_age_seconds": 96400.0'), ("units", "Units")]
)
def test_a_manifest_that_was_edited_by_hand_is_refused(folder: Path, tmp_path: Path, old: str, new: str) -> None:
    altered = copy_of(folder, tmp_path)
    text = (altered / MANIFEST).read_text()
    assert old in text
    (altered / MANIFEST).write_text(text.replace(old, new, 1))
    with pytest.raises(ModuleRefused, match=r"manifest\.json: digest: does not match the content"):
        load(altered)


@pytest.mark.parametrize("name", EVERY_FILE)
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_truncated_file_is_refused(folder: Path, tmp_path: Path, name: str, share: float) -> None:
    altered = copy_of(folder, tmp_path)
    data = (altered / name).read_bytes()
    (altered / name).write_bytes(data[: int(share * len(data))])
    with pytest.raises(ModuleRefused, match=name):
        load(altered)


@pytest.mark.parametrize("name", EVERY_FILE)
def test_a_missing_file_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    altered = copy_of(folder, tmp_path)
    (altered / name).unlink()
    with pytest.raises(ModuleRefused, match=f"{name}: missing"):
        load(altered)


@pytest.mark.parametrize("name", EVERY_FILE)
def test_a_pickle_in_a_files_place_is_refused_and_never_opened(folder: Path, tmp_path: Path, name: str) -> None:
    altered = copy_of(folder, tmp_path)
    mark = tmp_path / "unpickled"
    data = pickle.dumps(_Trap(mark))
    (altered / name).write_bytes(data)
    if name != MANIFEST:  # even where the digest was made to fit
        reseal(altered, lambda content: content["files"].update({name: hashlib.sha256(data).hexdigest()}))
    with pytest.raises(ModuleRefused, match=name):
        load(altered)
    assert not mark.exists()


@pytest.mark.parametrize("name", ["golden.npz", "network.npz"])
def test_an_array_of_pickled_objects_is_refused_and_never_opened(folder: Path, tmp_path: Path, name: str) -> None:
    altered = copy_of(folder, tmp_path)
    mark = tmp_path / "unpickled"
    stream = io.BytesIO()
    with np.load(altered / name) as archive:
        arrays = dict(archive)
    trap = np.empty(1, object)
    trap[0] = _Trap(mark)
    np.savez(stream, allow_pickle=True, **{**arrays, "on_hand" if name == "golden.npz" else "value_usd": trap})
    (altered / name).write_bytes(stream.getvalue())
    digest = hashlib.sha256(stream.getvalue()).hexdigest()
    reseal(altered, lambda content: content["files"].update({name: digest}))
    with pytest.raises(ModuleRefused, match=name):
        load(altered)
    assert not mark.exists()


@pytest.mark.parametrize("name", ["policy.pt", "policy.pkl", "weights.ckpt"])
def test_a_pickle_beside_the_files_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    altered = copy_of(folder, tmp_path)
    (altered / name).write_bytes(b"")
    with pytest.raises(ModuleRefused, match=f"{name}: pickles can run code"):
        load(altered)


def test_a_file_that_is_no_part_of_a_module_is_refused(folder: Path, tmp_path: Path) -> None:
    altered = copy_of(folder, tmp_path)
    (altered / "notes.txt").write_text("hello")
    with pytest.raises(ModuleRefused, match=r"notes\.txt: not part of a module"):
        load(altered)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModuleRefused, match="no such folder"):
        load(tmp_path / "nowhere")


def test_a_manifest_with_an_unknown_key_is_refused(folder: Path, tmp_path: Path) -> None:
    altered = copy_of(folder, tmp_path)
    reseal(altered, lambda content: content.update(colour="blue"))
    with pytest.raises(ModuleRefused, match=r"colour: unknown; allowed: .*envelope"):
        load(altered)


@pytest.mark.parametrize(
    "key", ["version", "inputs", "names", "envelope", "maximum_age_seconds", "files", "provenance"]
)
def test_a_manifest_without_a_key_is_refused(folder: Path, tmp_path: Path, key: str) -> None:
    altered = copy_of(folder, tmp_path)
    reseal(altered, lambda content: content.pop(key))
    with pytest.raises(ModuleRefused, match=f"{key}: missing"):
        load(altered)


def test_a_manifest_with_a_value_of_the_wrong_kind_is_refused(folder: Path, tmp_path: Path) -> None:
    altered = copy_of(folder, tmp_path)
    reseal(altered, lambda content: content.update(maximum_age_seconds="an hour"))
    with pytest.raises(ModuleRefused, match="maximum_age_seconds: 'an hour'; must be a number"):
        load(altered)


def test_a_format_of_another_time_is_refused(folder: Path, tmp_path: Path) -> None:
    altered = copy_of(folder, tmp_path)
    reseal(altered, lambda content: content.update(format="entrepot-inference/9"))
    with pytest.raises(ModuleRefused, match="entrepot-inference/9"):
        load(altered)


def test_golden_cases_that_come_out_otherwise_are_refused(folder: Path, tmp_path: Path) -> None:
    altered = copy_of(folder, tmp_path)
    with np.load(altered / "golden.npz") as archive:
        arrays = dict(archive)
    arrays["orders"] = arrays["orders"] * 1.001 + 0.1
    np.savez(altered / "golden.npz", allow_pickle=False, **arrays)
    digest = hashlib.sha256((altered / "golden.npz").read_bytes()).hexdigest()
    reseal(altered, lambda content: content["files"].update({"golden.npz": digest}))
    with pytest.raises(ModuleRefused, match=r"golden\.npz: on this machine the graph answers up to"):
        load(altered)


def test_a_resealed_manifest_fails_against_the_digest_that_was_asked_for(folder: Path, tmp_path: Path) -> None:
    genuine = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    assert load(folder, manifest_digest=genuine).versions.manifest_digest == genuine
    altered = copy_of(folder, tmp_path)
    reseal(altered, lambda content: content.update(maximum_age_seconds=1e9))
    assert load(altered).manifest.maximum_age_seconds == 1e9
    with pytest.raises(ModuleRefused, match=r"not .* as asked for"):
        load(altered, manifest_digest=genuine)


def test_refusals_can_be_caught_by_their_root_and_as_value_errors() -> None:
    assert issubclass(ModuleRefused, InferenceError)
    assert issubclass(ModuleRefused, ValueError)


def test_fewer_than_one_thread_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="threads: 0"):
        load(folder, threads=0)


def test_every_input_is_described_with_its_unit_and_range(folder: Path) -> None:
    content = json.loads((folder / MANIFEST).read_text())
    for fields in content["inputs"].values():
        for field in fields.values():
            assert field["unit"]
            assert field["minimum"] <= field["maximum"]


def test_versions_are_compared_as_numbers_and_unfinished_ones_are_passed_over(folder: Path, tmp_path: Path) -> None:
    for name in ("9", "10", ".11.scratch", "latest"):
        shutil.copytree(folder, tmp_path / name)
    (tmp_path / "12").mkdir()
    assert latest_version(tmp_path) == tmp_path / "10"
    shutil.rmtree(tmp_path / "9")
    shutil.rmtree(tmp_path / "10")
    assert latest_version(tmp_path) is None
    with pytest.raises(ModuleRefused):
        load(tmp_path)


def test_a_folder_of_another_name_or_version_is_refused(folder: Path, tmp_path: Path) -> None:
    for place in (tmp_path / "kreen-test" / "0002", tmp_path / "other" / "0001"):
        shutil.copytree(folder, place)
        with pytest.raises(ModuleRefused, match="this is kreen-test/0001, and it stands in"):
            load(place)


@pytest.mark.parametrize("name", EVERY_FILE)
@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_what_is_no_plain_file_is_refused_and_not_waited_for(
    folder: Path, tmp_path: Path, name: str, kind: str
) -> None:
    altered = copy_of(folder, tmp_path)
    (altered / name).unlink()
    if kind == "pipe":
        os.mkfifo(altered / name)
    elif kind == "link":
        (altered / name).symlink_to(folder / name)
    else:
        (altered / name).mkdir()
    with pytest.raises(ModuleRefused, match=f"{name}: not a plain file"):
        load(altered)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"86400.0", b"NaN"),
        (b"86400.0", b"1e999"),
        (b"86400.0", b"1" + b"0" * 400),
        (b'"kreen"', b'"\\ud800"'),
        (b'"metrics": ', b'"metrics": ' + b"[" * 100_000 + b"]" * 100_000 + b', "m": '),
        (b'"metrics": ', b'"metrics": 1, "metrics": '),
        (b'"kreen"', b'"\xff"'),
    ],
    ids=["nan", "1e999", "huge", "surrogate", "nested", "twice", "no text"],
)
def test_a_manifest_that_is_no_strict_json_is_refused(folder: Path, tmp_path: Path, old: bytes, new: bytes) -> None:
    altered = copy_of(folder, tmp_path)
    data = (altered / MANIFEST).read_bytes()
    assert old in data
    (altered / MANIFEST).write_bytes(data.replace(old, new, 1))
    with pytest.raises(ModuleRefused, match=r"manifest\.json"):
        load(altered)


def npz_of(folder: Path, change: Any) -> bytes:
    with np.load(folder / "golden.npz") as archive:
        arrays = dict(archive)
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **change(arrays))
    return stream.getvalue()


def plain_npy() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


def with_header(data: bytes, old: bytes, new: bytes) -> bytes:
    """The first array's header altered in place, so that it promises what isn't there."""
    assert len(old) == len(new)
    assert old in data
    return data.replace(old, new, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: plain_npy(), "not an npz"),
        (lambda folder: npz_of(folder, lambda arrays: {k: v[:0] for k, v in arrays.items()}), "no cases"),
        (
            lambda folder: npz_of(folder, lambda arrays: {**arrays, "orders": arrays["orders"].astype("U9")}),
            "orders: is of type",
        ),
        (
            lambda folder: npz_of(folder, lambda arrays: {**arrays, "on_hand": arrays["on_hand"] * np.nan}),
            "values: on_hand: nan",
        ),
        (lambda folder: with_header(npz_of(folder, dict), b"(3, 9, 6)", b"(9, 9, 9)"), "golden"),
    ],
    ids=["npy", "empty", "text", "nan", "header"],
)
def test_golden_cases_that_are_none_are_refused(folder: Path, tmp_path: Path, make: Any, message: str) -> None:
    altered = copy_of(folder, tmp_path)
    data = make(folder)
    (altered / "golden.npz").write_bytes(data)
    reseal(altered, lambda content: content["files"].update({"golden.npz": hashlib.sha256(data).hexdigest()}))
    with pytest.raises(ModuleRefused, match=message):
        load(altered)


def test_an_archive_that_unpacks_to_more_than_is_read_is_refused_before_it_is_unpacked(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("entrepot.agents.inference.folder.MOST_FILE_BYTES", 1_000_000)
    altered = copy_of(folder, tmp_path)
    stream = io.BytesIO()
    with np.load(altered / "golden.npz") as archive:
        np.savez_compressed(stream, allow_pickle=False, **{**archive, "pipeline": np.zeros(1_000_000)})
    (altered / "golden.npz").write_bytes(stream.getvalue())
    digest = hashlib.sha256(stream.getvalue()).hexdigest()
    reseal(altered, lambda content: content["files"].update({"golden.npz": digest}))
    with pytest.raises(ModuleRefused, match="bytes unpacked; at most 1,000,000 are read"):
        load(altered)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_bytes_are_changed_nothing_but_a_refusal_comes_out(
    folder: Path, tmp_path: Path, data: st.DataObject
) -> None:
    """Bytes of any file, and whether somebody resealed the manifest afterwards."""
    altered = tmp_path / "fuzz" / "kreen-test" / "0001"
    shutil.rmtree(altered, ignore_errors=True)
    shutil.copytree(folder, altered)
    name = data.draw(st.sampled_from(["golden.npz", "network.npz", "fallback.json", MANIFEST]))
    content = bytearray((altered / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (altered / name).write_bytes(content)
    if name != MANIFEST and data.draw(st.booleans()):
        digest = hashlib.sha256(content).hexdigest()
        reseal(altered, lambda manifest: manifest["files"].update({name: digest}))
    with contextlib.suppress(ModuleRefused):
        load(altered)


def test_a_module_is_pickled_by_its_folder_and_copied_as_itself(folder: Path, tmp_path: Path) -> None:
    place = copy_of(folder, tmp_path)
    module = load(place, threads=2)
    assert copy.copy(module) is module
    assert copy.deepcopy(module) is module
    data = pickle.dumps(module)
    assert pickle.loads(data).versions == module.versions
    reseal(place, lambda content: content.update(metrics=["other"]))
    with pytest.raises(ModuleRefused, match=r"not \w+ as asked for"):
        pickle.loads(data)
    shutil.rmtree(place)
    with pytest.raises(ModuleRefused, match="no such folder"):
        pickle.loads(data)


def test_a_module_from_no_folder_says_that_it_cannot_be_pickled(folder: Path) -> None:
    with pytest.raises(InputRefused, match="came from no folder"):
        pickle.dumps(load_unnamed(folder))


WRONG_KINDS: tuple[Any, ...] = (
    *(None, False, True, -2, -1, 0, 1, 2, 3, 10**30, -1e308, 1e308, 0.5),
    *("", "B", "\x1b[2J", [], [[]], ["B", "L", "S"], ["Q"], {}, {"a": 1}),
)


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Of every key, and of the first item of every list."""
    if place:
        yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, child in inner:
        yield from places(child, (*place, key))


def with_json(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    if not place:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[place[0]] = with_json(value[place[0]], place[1:], new)
    return changed


def test_a_key_of_a_wrong_kind_is_refused_or_harmless(folder: Path, tmp_path: Path, case: Case) -> None:
    """Whoever alters a manifest knows how to seal it. Each key in turn, with three kinds drawn by a fixed seed."""
    altered = tmp_path / "kinds" / "kreen-test" / "0001"
    shutil.copytree(folder, altered)
    content = json.loads((folder / MANIFEST).read_text())
    del content["digest"]
    generator = np.random.default_rng(17)
    for place in [place for place in sorted(places(content), key=str) for _ in range(3)]:
        new = WRONG_KINDS[generator.integers(len(WRONG_KINDS))]
        (altered / MANIFEST).write_bytes(seal(with_json(content, place, new)))
        told = f"{place} = {new!r}"
        try:
            module = load(altered)
        except ModuleRefused:
            continue
        decision = module.decide(snapshot_for(case, rows=1), age_seconds=1.0)
        assert (decision.orders >= 0).all(), told
