"""An exported policy behind its ladder of checks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entrepot import __version__
from entrepot.agents.inference.arguments import ages, check_arguments
from entrepot.agents.inference.checking import Arrays, Given, read_snapshot
from entrepot.agents.inference.deadline import Deadlines
from entrepot.agents.inference.decision import Decision, Limits, Tolerance, Versions
from entrepot.agents.inference.errors import InferenceError, InputRefused
from entrepot.agents.inference.fallback import BaseStock
from entrepot.agents.inference.feasibility import Bounds, bounds_of, suppliers_of
from entrepot.agents.inference.ladder import Asked, climb
from entrepot.agents.inference.limits import narrowed
from entrepot.agents.inference.live import Live, Networks
from entrepot.agents.inference.manifest import Manifest
from entrepot.agents.inference.results import joined, nothing

NO_LIMITS = Limits()
USUAL_TOLERANCE = Tolerance()
USUAL_DEADLINE_SECONDS = 30.0
CHUNK_VALUES = 4_000_000
"""A batch is decided in pieces of about so many figures, so that memory grows no faster than what is answered."""


class Session(Protocol):
    """What is used of `onnxruntime.InferenceSession`; its `run` may be called by many threads at once."""

    def run(self, output_names: Sequence[str] | None, input_feed: Mapping[str, NDArray[Any]]) -> Sequence[Any]:
        """Outputs of the graph."""
        ...


class InferenceModule:
    """A policy, its fallback, and everything needed to know when to trust which.

    No decision depends on those before it, and threads may share it. All that it keeps is the network that it checked
    last, so as not to check it twice.
    """

    def __init__(
        self,
        manifest: Manifest,
        manifest_digest: str,
        session: Session,
        network: Arrays,
        fallback: BaseStock,
        again: tuple[Callable[..., InferenceModule], tuple[Any, ...]] | None = None,
    ) -> None:
        """Args: parts of a module that have been checked, and how to load it again; `load` is the usual way."""
        self.manifest = manifest
        self.versions = Versions(
            module=f"{manifest.name}/{manifest.version}",
            trained_by=str(manifest.provenance["code_version"]),
            code=__version__,
            manifest_digest=manifest_digest,
        )
        self._session = session
        self._network = {name: _frozen(values) for name, values in network.items()}
        self._fallback = fallback
        self._again = again
        self._networks = Networks(self._network, manifest.names, manifest.network)
        self._usual: tuple[Live, Bounds] | None = None
        self._deadlines = Deadlines()

    @property
    def network(self) -> Mapping[str, NDArray[Any]]:
        """Attributes of the network that the module was exported with; neither it nor its arrays can be changed."""
        return MappingProxyType(self._network)

    @property
    def works_out_covers(self) -> bool:
        """Whether the policy works base covers out by itself, so that those of the network's attributes aren't read."""
        experiment = self.manifest.provenance.get("experiment")
        policy = experiment.get("policy") if isinstance(experiment, dict) else None
        return isinstance(policy, dict) and policy.get("covers") == "worked_out"

    @property
    def folder(self) -> str | None:
        """The folder from which it was loaded, from the root on; None if it came from none."""
        return None if self._again is None else str(self._again[1][0])

    def decide(
        self,
        snapshot: Mapping[str, Any],
        network: Mapping[str, Any] | None = None,
        *,
        age_seconds: ArrayLike | None = None,
        lane_names: Sequence[str] | None = None,
        sku_names: Sequence[str] | None = None,
        node_names: Sequence[str] | None = None,
        market_names: Sequence[str] | None = None,
        limits: Limits = NO_LIMITS,
        tolerance: Tolerance = USUAL_TOLERANCE,
        deadline_seconds: float | None = USUAL_DEADLINE_SECONDS,
    ) -> Decision:
        """Orders for B snapshots of one network, each from the policy or, with the reason, from the fallback.

        The ladder: schema, values, freshness, envelope, policy, feasibility, approval, guard. Bad data doesn't raise:
        trouble in a cell, lane or node holds what it touches, and a row whose policy fails is decided by the fallback.

        Args:
            snapshot: arrays by name, as `manifest.snapshot` describes them.
            network: attributes as `manifest.network` describes them; the module's own network if None. Sizes may
                differ from those of the module's network. One that can't be used orders nothing.
            age_seconds: how old the snapshot is; must be told. One figure, [B], or by node [B, N]. Beyond
                `manifest.maximum_age_seconds` the fallback decides (of a node: its lanes are held), and beyond
                `manifest.hold_age_seconds`, or where it isn't known, nothing goes out.
            lane_names: [L] names of the network's lanes, by which the fallback finds its covers and the module its
                limits. The module's own if None and the lanes are, by content, its own.
            sku_names: [S] the same for SKUs.
            node_names: [N] names of nodes, for reasons alone.
            market_names: [M] the same for markets.
            limits: narrow those of the module, see `Limits`.
            tolerance: how far outside the inputs seen in training the policy is still trusted.
            deadline_seconds: past it the fallback answers for what the policy hasn't; None waits for ever.

        Raises:
            InputRefused: an argument that no decision can be made with; nothing else is ever raised.
        """
        begun = time.monotonic()
        check_arguments(snapshot, limits, tolerance, deadline_seconds)
        try:
            given = read_snapshot(snapshot, self.manifest.snapshot)
            live = self._networks.live(network, lane_names, sku_names, node_names, market_names)
            age = ages(age_seconds, given.rows, None if live.reasons else live.sizes["N"])
            if live.reasons:
                return nothing(given.rows, live, live.reasons, self.versions)
            until = None if deadline_seconds is None else begun + float(deadline_seconds)
            return self._decide(given, live, age, limits, tolerance, until)
        except InferenceError:
            raise
        except Exception as error:  # a mapping or array that fails when it is read, or no memory left
            raise InputRefused(f"snapshot or network: can't be read ({type(error).__name__}: {error})") from error

    def __copy__(self) -> InferenceModule:
        """Itself: it can't be changed."""
        return self

    def __deepcopy__(self, memo: Any) -> InferenceModule:
        """Itself: it can't be changed."""
        return self

    def __reduce__(self) -> tuple[Callable[..., InferenceModule], tuple[Any, ...]]:
        """Pickled by its folder, which must stand in the same place where it is unpickled, unaltered.

        Raises:
            InputRefused: it came from no folder.
        """
        if self._again is None:
            raise InputRefused(
                f"{self.versions.module}: came from no folder, so that it can't be pickled; load it there"
            )
        return self._again

    def run_graph(
        self, network: Arrays, snapshot: Mapping[str, NDArray[Any]], run: Callable[[Any, Any], Any] | None = None
    ) -> dict[str, NDArray[np.float32]]:
        """The graph's outputs by name, for inputs that have been checked; `orders` are [B, L, S] units.

        Args:
            network: attributes.
            snapshot: arrays by name.
            run: how to run the session; its own `run` if None.
        """
        names = list(self.manifest.outputs)
        feed = {name: snapshot[name] for name in self.manifest.snapshot}
        answers = (run or self._session.run)(names, {**feed, **network})
        return {name: np.asarray(answer, np.float32) for name, answer in zip(names, answers, strict=False)}

    def answer_within(self, snapshot: Mapping[str, NDArray[Any]], seconds: float) -> dict[str, NDArray[np.float32]]:
        """The graph's outputs for the module's own network, or `TooLateError`; for inputs that have been checked."""
        return self._answer(self._network, snapshot, time.monotonic() + seconds)

    def _decide(
        self,
        given: Given,
        live: Live,
        age: NDArray[np.float64],
        limits: Limits,
        tolerance: Tolerance,
        until: float | None,
    ) -> Decision:
        sizes = {**live.sizes, "W": self.manifest.season_entries}
        bounds = self._bounds(limits, live, given.rows)
        asked = Asked(self.manifest, live, sizes, tolerance, self._fallback, self._answer, until)
        by_row = sizes["N"] * sizes["S"] * given.days + sizes["L"] * sizes["S"] * 16
        rows = max(1, CHUNK_VALUES // by_row)
        if given.rows <= rows:
            return climb(asked, given, age, bounds, slice(0, given.rows), self.versions)
        pieces = [slice(first, min(first + rows, given.rows)) for first in range(0, given.rows, rows)]
        return joined(
            given.rows,
            (climb(asked, given, age[piece], bounds.of_rows(piece), piece, self.versions) for piece in pieces),
        )

    def _bounds(self, limits: Limits, live: Live, rows: int) -> Bounds:
        """The caller's limits and the module's own; where the caller gives none they are worked out once."""
        usual = self._usual
        if limits is NO_LIMITS and usual is not None and usual[0] is live:
            return usual[1]
        bounds = bounds_of(limits, live.arrays, rows)
        if not limits.replaces:
            suppliers = live.own_lanes and suppliers_of(live.arrays) <= len(self.manifest.limits.supplier_units)
            bounds = narrowed(
                bounds, self.manifest.limits, self.manifest.names, live.arrays, live.lanes, live.skus, suppliers
            )
        if limits is NO_LIMITS:
            self._usual = live, bounds
        return bounds

    def _answer(
        self, network: Arrays, snapshot: Mapping[str, NDArray[Any]], until: float | None
    ) -> dict[str, NDArray[np.float32]]:
        if until is None:
            return self.run_graph(network, snapshot)
        if hasattr(self._session, "run_until"):
            run_until, moment = self._session.run_until, until
            return self.run_graph(network, snapshot, lambda names, feed: run_until(names, feed, moment))
        answer: dict[str, NDArray[np.float32]] = self._deadlines.run(
            lambda: self.run_graph(network, snapshot), until - time.monotonic()
        )
        return answer


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    """Over memory that nobody can make writeable again."""
    frozen: NDArray[Any] = np.frombuffer(values.tobytes(), values.dtype).reshape(values.shape)
    return frozen
