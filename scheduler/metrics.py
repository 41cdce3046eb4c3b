"""What is measured, for Prometheus."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from entrepot.scheduler.mirror.sources import Freshness
from entrepot.scheduler.store.log import Answer


class Metrics:
    """Of one server, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.events = Counter("entrepot_events", "Events by what became of them", ["outcome"], registry=self.registry)
        self.unread = Counter("entrepot_unread_messages", "Of a broker, that can't be read", registry=self.registry)
        self.rules = Counter("entrepot_rules_broken", "Events by the rule they broke", ["rule"], registry=self.registry)
        self.answer_seconds = Histogram(
            "entrepot_ingest_seconds",
            "From a request for ingest to its answer, which is after the commit",
            buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
            registry=self.registry,
        )
        self.requests = Counter("entrepot_requests", "Requests by status", ["status"], registry=self.registry)
        self.plans = Counter("entrepot_plans", "Plans by who decided them", ["source"], registry=self.registry)
        self.plan_seconds = Histogram(
            "entrepot_plan_seconds", "From the mirror to a plan that is kept", registry=self.registry
        )
        self.releases = Counter("entrepot_releases", "Releases by state", ["state"], registry=self.registry)
        self.alerts = Counter("entrepot_alerts", "Alerts that were opened, by kind", ["kind"], registry=self.registry)
        self.notices = Counter(
            "entrepot_notices", "Alerts told, by channel and outcome", ["channel", "outcome"], registry=self.registry
        )
        self.allocations = Counter(
            "entrepot_allocations",
            "Customers' orders allocated, and answers that came too late as stock had changed",
            ["outcome"],
            registry=self.registry,
        )
        self.fallback_share = Gauge(
            "entrepot_fallback_share", "Share of the last 100 plans that the fallback decided", registry=self.registry
        )

    def count(self, answers: Sequence[Answer]) -> None:
        """What became of events."""
        for outcome, number in Tally(answer.outcome for answer in answers).items():
            self.events.labels(outcome).inc(number)
        for rule, number in Tally(answer.rule for answer in answers if answer.rule is not None).items():
            self.rules.labels(rule).inc(number)

    def plans_made(self) -> dict[str, int]:
        """So far, by who decided them."""
        found = {
            sample.labels["source"]: sample
            for one in self.plans.collect()
            for sample in one.samples
            if sample.name.endswith("_total")
        }
        return {source: int(sample.value) for source, sample in found.items()}

    def text(self) -> bytes:
        """As Prometheus reads it."""
        return generate_latest(self.registry)

    def watch(self, told: Callable[[], Iterable[Metric]]) -> None:
        """Ask for some at every reading.

        Args:
            told: gives them.
        """

        class Watched:
            def collect(self) -> Iterable[Metric]:
                return told()

            def describe(self) -> Iterable[Metric]:
                return ()

        self.registry.register(Watched())


def gauge(name: str, told: str, value: float) -> Metric:
    """One figure."""
    return GaugeMetricFamily(name, told, value=value)


def freshness_metrics(sources: Iterable[Freshness], now: int) -> Iterable[Metric]:
    """How long each source has been silent, and what of it is missing.

    Args:
        sources: as the mirror knows them.
        now: microseconds since 1970-01-01 UTC.
    """
    silent = GaugeMetricFamily("entrepot_source_silent_seconds", "Since a source's latest event", labels=["source"])
    missing = GaugeMetricFamily("entrepot_source_missing_events", "Sent by its own count, not here", labels=["source"])
    for one in sources:
        silent.add_metric([one.source], max(now - one.heard, 0) / 1e6)
        missing.add_metric([one.source], one.missing)
    return silent, missing
