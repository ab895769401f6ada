"""What a service does -> figures for Prometheus: latencies, queue, batches, verdicts, distances, drift, memory."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily

DISTANCES = tuple(number / 20 for number in range(1, 41))
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Meter:
    """The figures of one service; each service has its own registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "alikely_request_seconds",
            "Seconds from a request's head to the end of its answer",
            ["route", "status"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.verdicts = Counter(
            "alikely_verdicts", "Verdicts by what was asked", ["asked", "verdict"], registry=self.registry
        )
        self.distances = Histogram(
            "alikely_distance", "Distances behind verdicts", ["asked"], buckets=DISTANCES, registry=self.registry
        )
        self.batches = Histogram(
            "alikely_batch_items", "Items embedded at once", buckets=BATCHES, registry=self.registry
        )
        # Memory, processor time and open files of this process, where the system tells (Linux).
        ProcessCollector(registry=self.registry)
        self._timed: dict[tuple[str, int], Histogram] = {}
        self._watched: dict[str, Gauge] = {}
        self._each: dict[str, _Each] = {}

    def request(self, route: str, status: int, seconds: float) -> None:
        """A request was answered: by which route ("/v1/compare"; "other" for what is none), and how."""
        timed = self._timed.get((route, status))
        if timed is None:
            timed = self._timed[route, status] = self.requests.labels(route, str(status))
        timed.observe(seconds)

    def verdict(self, asked: str, verdict: str, distance: float) -> None:
        """A verdict was given: "compare" -> "same", "different", "unsure"; "identify" -> "identified", "nobody" ..."""
        self.verdicts.labels(asked, verdict).inc()
        self.distances.labels(asked).observe(distance)

    def batch(self, items: int) -> None:
        """So many items were embedded at once."""
        self.batches.observe(items)

    def watch(self, name: str, what: str, figure: Callable[[], float]) -> None:
        """A figure that is asked for whenever somebody looks; said again, the later one counts."""
        if name not in self._watched:
            self._watched[name] = Gauge(name, what, registry=self.registry)
        self._watched[name].set_function(figure)

    def watch_each(self, name: str, what: str, labels: tuple[str, ...], figures: "Figures") -> None:
        """The same for several, by the values of these labels."""
        if name not in self._each:
            self._each[name] = _Each(name, what, labels, figures)
            self.registry.register(self._each[name])
        self._each[name].figures = figures

    def text(self) -> bytes:
        """All figures as Prometheus reads them."""
        return generate_latest(self.registry)


# Values of the labels -> the figure.
Figures = Callable[[], Mapping[tuple[str, ...], float]]


class _Each:
    """Several figures, asked for whenever somebody looks; a collector of prometheus_client."""

    def __init__(self, name: str, what: str, labels: tuple[str, ...], figures: Figures) -> None:
        self.name, self.what, self.labels, self.figures = name, what, labels, figures

    def describe(self) -> list[GaugeMetricFamily]:
        """What there will be, without asking."""
        return [GaugeMetricFamily(self.name, self.what, labels=self.labels)]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """All of them now."""
        family = GaugeMetricFamily(self.name, self.what, labels=self.labels)
        for values, figure in self.figures().items():
            family.add_metric(values, figure)
        yield family
