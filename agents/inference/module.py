"""An exported policy behind its ladder of checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entrepot import __version__
from entrepot.agents.inference.approval import lanes_to_hold
from entrepot.agents.inference.checking import Arrays, Checked, check_network, check_snapshot, sizes_of
from entrepot.agents.inference.decision import Decision, Limits, Reason, Rows, Tolerance, Versions
from entrepot.agents.inference.envelope import check_envelope
from entrepot.agents.inference.errors import InputRefused
from entrepot.agents.inference.fallback import BaseStock, fallback_orders
from entrepot.agents.inference.feasibility import bounds_of, project, value_usd
from entrepot.agents.inference.manifest import Manifest

NO_LIMITS = Limits()
USUAL_TOLERANCE = Tolerance()


class Session(Protocol):
    """What is used of `onnxruntime.InferenceSession`; its `run` may be called by many threads at once."""

    def run(self, output_names: Sequence[str] | None, input_feed: Mapping[str, NDArray[Any]]) -> Sequence[Any]:
        """Outputs of the graph."""
        ...


@dataclass(frozen=True)
class _Live:
    """The network to decide for, checked."""

    arrays: Arrays
    lanes: Sequence[str]
    skus: Sequence[str]
    reasons: Sequence[Reason]  # why the network that was given can't be used


class InferenceModule:
    """A policy, its fallback, and everything needed to know when to trust which.

    It remembers nothing from one decision to the next and may be shared by threads.
    """

    def __init__(
        self, manifest: Manifest, manifest_digest: str, session: Session, network: Arrays, fallback: BaseStock
    ) -> None:
        """Args: parts of a module that have been checked; `load` is the usual way to make one."""
        self.manifest = manifest
        self.versions = Versions(
            module=f"{manifest.name}/{manifest.version}",
            trained_by=str(manifest.provenance["code_version"]),
            code=__version__,
            manifest_digest=manifest_digest,
        )
        self._session = session
        self._network = network
        self._fallback = fallback
        self._own = _Live(network, manifest.names.lanes, manifest.names.skus, ())

    @property
    def network(self) -> Mapping[str, NDArray[Any]]:
        """Attributes of the network that the module was exported with; read-only."""
        return self._network

    def decide(
        self,
        snapshot: Mapping[str, Any],
        network: Mapping[str, Any] | None = None,
        *,
        lane_names: Sequence[str] | None = None,
        sku_names: Sequence[str] | None = None,
        age_seconds: ArrayLike = 0.0,
        limits: Limits = NO_LIMITS,
        tolerance: Tolerance = USUAL_TOLERANCE,
    ) -> Decision:
        """Orders for B snapshots of one network, each from the policy or, with the reason, from the fallback.

        The ladder: schema and values, freshness, envelope, policy, feasibility, approval. Bad data doesn't raise.

        Args:
            snapshot: arrays by name, as `manifest.snapshot` describes them.
            network: attributes as `manifest.network` describes them; the module's own network if None. Sizes may
                differ from those of the module's network.
            lane_names: [L] names of the network's lanes, by which the fallback finds its covers. The module's own if
                None and their number fits; otherwise the fallback's default covers are used.
            sku_names: [S] the same for SKUs.
            age_seconds: how old the snapshot is, one figure or [B].
            limits: what orders may not exceed.
            tolerance: how far outside the inputs seen in training the policy is still trusted.

        Raises:
            InputRefused: a limit or list of names doesn't fit the network.
        """
        live = self._live(network, lane_names, sku_names)
        sizes = {**sizes_of(live.arrays), "W": self.manifest.season_entries}
        checked = check_snapshot(snapshot, self.manifest.snapshot, sizes)
        rows = checked.rows
        for reason in live.reasons:
            rows.fall(slice(None), reason)
        self._check_age(age_seconds, rows)
        check_envelope(live.arrays, checked.arrays, self.manifest.envelope, tolerance, rows)
        raw = self._orders(live, checked, rows)
        bounds = bounds_of(limits, live.arrays, rows.count)
        # Where it isn't known whether a lane is open, the carrier will say; stock that isn't known counts as none.
        lane_open = np.where(checked.usable_or_all("lane_open"), checked.arrays["lane_open"], 1.0)
        orders = project(raw, bounds, live.arrays, checked.arrays["on_hand"], lane_open, rows)
        to_hold = lanes_to_hold(orders, value_usd(live.arrays), limits, rows)
        return Decision(
            orders=np.where(to_hold[:, :, None], 0, orders),
            held=np.where(to_hold[:, :, None], orders, 0),
            needs_approval=to_hold,
            raw_orders=raw,
            source=tuple("policy" if trusted else "fallback" for trusted in rows.trusted),
            reasons=tuple(tuple(reasons) for reasons in rows.reasons),
            versions=self.versions,
        )

    def run_graph(self, network: Arrays, snapshot: Arrays) -> NDArray[np.float32]:
        """[B, L, S] units straight from the graph, for inputs that have been checked."""
        feed = {
            name: np.asarray(snapshot[name], field.kind, order="C") for name, field in self.manifest.snapshot.items()
        }
        return np.asarray(self._session.run(["orders"], {**feed, **network})[0], np.float32)

    def _live(
        self, network: Mapping[str, Any] | None, lane_names: Sequence[str] | None, sku_names: Sequence[str] | None
    ) -> _Live:
        if network is None and lane_names is None and sku_names is None:
            return self._own
        arrays, reasons = (self._network, []) if network is None else check_network(network, self.manifest.network)
        if reasons:
            # The network it knows is the best there is left; a snapshot that doesn't fit it orders nothing.
            return replace(self._own, reasons=reasons)
        sizes = sizes_of(arrays)
        lanes = _names("lane_names", lane_names, self.manifest.names.lanes, sizes["L"])
        skus = _names("sku_names", sku_names, self.manifest.names.skus, sizes["S"])
        return _Live(arrays, lanes, skus, ())

    def _check_age(self, age_seconds: ArrayLike, rows: Rows) -> None:
        age = np.asarray(age_seconds, np.float64)
        if age.shape not in ((), (rows.count,)):
            raise InputRefused(f"age_seconds: has shape {list(age.shape)}; one figure or [{rows.count}] is required")
        most = self.manifest.maximum_age_seconds
        by_row = np.broadcast_to(age, rows.count)
        for row in np.flatnonzero(~((by_row >= 0) & (by_row <= most))):  # of an age that is NaN, neither holds
            reason = Reason("freshness", "age_seconds", f"{by_row[row]:g} s; 0 to {most:g} s is allowed")
            rows.fall(np.array([row]), reason)

    def _orders(self, live: _Live, checked: Checked, rows: Rows) -> NDArray[np.float32]:
        """[B, L, S] units, each row from its source; rows whose policy fails are sent to the fallback here."""
        sizes = sizes_of(live.arrays)
        raw = np.zeros((rows.count, sizes["L"], sizes["S"]), np.float32)
        trusted = np.flatnonzero(rows.trusted)
        if len(trusted):
            self._ask_policy(live, checked, rows, trusted, raw)
        fallen = np.flatnonzero(~rows.trusted)
        if len(fallen):
            cover = self._fallback.cover_for(live.lanes, live.skus, live.arrays["lane_lead_days"])
            raw[fallen] = fallback_orders(live.arrays, cover, checked, fallen)
        return raw

    def _ask_policy(
        self, live: _Live, checked: Checked, rows: Rows, trusted: NDArray[Any], raw: NDArray[np.float32]
    ) -> None:
        every = len(trusted) == rows.count
        snapshot = checked.arrays if every else {name: values[trusted] for name, values in checked.arrays.items()}
        try:
            answer = self.run_graph(live.arrays, snapshot)
        except Exception as error:  # ONNX Runtime's errors have no common base; any of them must end in the fallback
            rows.fall(trusted, Reason("policy", "", f"the graph failed: {error}"))
            return
        if answer.shape != (len(trusted), *raw.shape[1:]):
            rows.fall(trusted, Reason("policy", "orders", f"shape {list(answer.shape)}; {list(raw.shape)} was due"))
            return
        sound = np.isfinite(answer).all(axis=(1, 2)) & (answer >= 0).all(axis=(1, 2))
        raw[trusted[sound]] = answer[sound]
        if not sound.all():
            rows.fall(
                trusted[~sound], Reason("policy", "orders", "the policy answered NaN, infinite or negative units")
            )


def _names(argument: str, given: Sequence[str] | None, own: Sequence[str], size: int) -> Sequence[str]:
    if given is None:
        return own if len(own) == size else [""] * size
    if len(given) != size:
        raise InputRefused(f"{argument}: {len(given)} names for {size}; one for each is required")
    return given
