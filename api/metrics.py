"""Figures for Prometheus: how many requests, how long, and how far the queue of plans is behind.

With several server processes set ``PROMETHEUS_MULTIPROC_DIR`` (prometheus-client's own switch), so that
any of them answers for all.
"""

import os

from flask import Flask, Response, g, make_response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from api.actor import policy, roles
from dispatch.kernel.actor import Role


def measure_requests(app: Flask) -> None:
    """Count and time every answer, and serve the figures at ``/metrics``."""
    registry = CollectorRegistry()
    answered = Counter("housecall_requests", "Answers", ["route", "method", "status"], registry=registry)
    took = Histogram("housecall_request_seconds", "Seconds to the answer", ["route"], registry=registry)

    @app.after_request
    def _count(answer: Response) -> Response:
        route = str(request.url_rule or "none")
        answered.labels(route, request.method, answer.status_code).inc()
        if "took_s" in g:
            took.labels(route).observe(g.took_s)
        return answer

    @app.get("/metrics", endpoint="metrics")
    @policy(roles(Role.ADMIN))
    def _metrics() -> Response:
        shown = registry
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            shown = CollectorRegistry()
            MultiProcessCollector(shown)  # type: ignore[no-untyped-call]
        answer = make_response(generate_latest(shown))
        answer.content_type = CONTENT_TYPE_LATEST
        return answer
