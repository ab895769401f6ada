"""What a service does -> figures for Prometheus: latencies, queue, batches, verdicts, distances, drift."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

DISTANCES = tuple(number / 20 for number in range(1, 41))


class Meter:
    """The figures of one service; each service has its own registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.verdicts = Counter(
            "alikely_verdicts", "Verdicts by what was asked", ["asked", "verdict"], registry=self.registry
        )
        self.distances = Histogram(
            "alikely_distance", "Distances behind verdicts", ["asked"], buckets=DISTANCES, registry=self.registry
        )
        self.batches = Histogram(
            "alikely_batch_items",
            "Items embedded at once",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
            registry=self.registry,
        )

    def verdict(self, asked: str, verdict: str, distance: float) -> None:
        """A verdict was given: "compare" -> "same", "different", "unsure"; "identify" -> "identified", "nobody" ..."""
        self.verdicts.labels(asked, verdict).inc()
        self.distances.labels(asked).observe(distance)

    def batch(self, items: int) -> None:
        """So many items were embedded at once."""
        self.batches.observe(items)

    def text(self) -> bytes:
        """All figures as Prometheus reads them."""
        return generate_latest(self.registry)
