"""What is counted: plain integers on the data path, turned into Prometheus's text only when somebody asks.

Counting costs an addition, never a lock, a label look-up or a string. Labels are bounded: status codes, outcomes and
names of limits; never a path, a person or an address.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client.core import Metric
    from prometheus_client.registry import CollectorRegistry

#: Upper bounds of the duration histogram, in seconds. Watches last for minutes; they end in the last one.
DURATION_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)

_STATUSES = 1000

#: Label values and the count.
Sample = Iterable[tuple[tuple[str, ...], int]]


class Metrics:
    """The counters of one process.

    :ivar responses: answers to clients by status code.
    :ivar durations: the same by duration; one more than `DURATION_BOUNDS`.
    :ivar sent_bytes: body bytes of answers, WebSockets included.
    :ivar sessions: what was found of a request's session, by outcome, where it was not in use already.
    :ivar renewals: token renewals by outcome.
    :ivar sign_ins: finished sign-ins by outcome.
    :ivar websockets_ended: WebSockets that the gateway ended, by reason.
    :ivar limits: what a limit has refused, by the limit's setting.
    :ivar bad_requests: requests that were not HTTP, by status.
    :ivar upstream_failures: exchanges that failed on the upstream's side, by upstream and problem.
    :ivar upstream_retries: requests sent once more after a stale connection.
    :ivar gauges: what is read when somebody asks, by name: its help text and its value.
    """

    __slots__ = (
        "bad_requests",
        "durations",
        "gauges",
        "limits",
        "renewals",
        "responses",
        "seconds",
        "sent_bytes",
        "sessions",
        "sign_ins",
        "upstream_failures",
        "upstream_retries",
        "websockets_ended",
    )

    def __init__(self) -> None:
        self.responses = [0] * _STATUSES
        self.durations = [0] * (len(DURATION_BOUNDS) + 1)
        self.seconds = 0.0
        self.sent_bytes = 0
        self.sessions: Counter[str] = Counter()
        self.renewals: Counter[str] = Counter()
        self.sign_ins: Counter[str] = Counter()
        self.websockets_ended: Counter[str] = Counter()
        self.limits: Counter[str] = Counter()
        self.bad_requests: Counter[str] = Counter()
        self.upstream_failures: Counter[tuple[str, str]] = Counter()
        self.upstream_retries = 0
        self.gauges: dict[str, tuple[str, Callable[[], float]]] = {}

    def answered(self, status: int, seconds: float, sent: int) -> None:
        """An answer is complete, or was broken off (499)."""
        self.responses[status if 0 <= status < _STATUSES else 0] += 1
        self.durations[bisect_left(DURATION_BOUNDS, seconds)] += 1
        self.seconds += seconds
        self.sent_bytes += sent

    def registry(self) -> CollectorRegistry:
        """For whatever serves Prometheus. The library is imported here, and not before."""
        from prometheus_client import PROCESS_COLLECTOR
        from prometheus_client.registry import CollectorRegistry

        registry = CollectorRegistry()
        registry.register(_Collector(self))
        registry.register(PROCESS_COLLECTOR)
        return registry


class _Collector:
    """Turns `Metrics` into Prometheus's families. Called in another thread; integers are read as they are."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        metrics = self._metrics

        def counter(name: str, text: str, labels: tuple[str, ...], values: Sample) -> Metric:
            family = CounterMetricFamily(f"lampgate_{name}", text, labels=labels)
            for key, value in sorted(values):
                family.add_metric(key, float(value))
            return family

        def by(name: str, text: str, label: str, values: Counter[str]) -> Metric:
            return counter(name, text, (label,), [((key,), value) for key, value in values.copy().items()])

        statuses = [((str(code),), count) for code, count in enumerate(metrics.responses) if count]
        yield counter("responses", "Answers to clients.", ("code",), statuses)
        durations = HistogramMetricFamily(
            "lampgate_response_seconds", "From a request's first byte to the end of its answer."
        )
        buckets, total = [], 0
        for bound, count in zip((*map(str, DURATION_BOUNDS), "+Inf"), tuple(metrics.durations), strict=True):
            total += count
            buckets.append((bound, float(total)))
        durations.add_metric([], buckets, metrics.seconds)
        yield durations
        yield counter("sent_bytes", "Body bytes sent to clients.", (), [((), metrics.sent_bytes)])
        yield by("session_lookups", "Sessions looked up, by what was found.", "outcome", metrics.sessions)
        yield by("renewals", "Renewals of a session's tokens.", "outcome", metrics.renewals)
        yield by("sign_ins", "Sign-ins that came back from the provider.", "outcome", metrics.sign_ins)
        yield by("websockets_ended", "WebSockets ended by the gateway.", "reason", metrics.websockets_ended)
        yield by("limit_refusals", "What a limit has refused.", "limit", metrics.limits)
        yield by("bad_requests", "Requests that were not valid HTTP.", "code", metrics.bad_requests)
        failures = metrics.upstream_failures.copy().items()
        yield counter("upstream_failures", "Requests an upstream did not answer.", ("upstream", "problem"), failures)
        yield counter(
            "upstream_retries",
            "Requests sent once more, because the upstream had closed a kept connection.",
            (),
            [((), metrics.upstream_retries)],
        )
        for name, (text, value) in metrics.gauges.items():
            yield GaugeMetricFamily(f"lampgate_{name}", text, value=value())
