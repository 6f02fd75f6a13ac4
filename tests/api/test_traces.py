"""Spans hold the template of the route, and neither address nor query, with an OpenTelemetry SDK set up."""

import json
from collections.abc import Callable, Iterator

import pytest
from opentelemetry import trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.api.observed import ROUTES, STATUS, send_each_kind
from tests.service import Service

KEPT = {
    "http.request.method", "http.route", "http.response.status_code", "url.scheme", "network.protocol.version",
    "error.type",
}  # fmt: skip
"""Every attribute that a span may have."""


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """The spans of this process, as an SDK that is set up exports them."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    yield exporter
    provider.shutdown()


@pytest.mark.parametrize("instrumented", [False, True], ids=["by itself", "with the instrumentation of OpenTelemetry"])
def test_no_span_holds_a_secret_a_person_an_address_or_a_query(
    one: Service,
    spans: InMemorySpanExporter,
    monkeypatch: pytest.MonkeyPatch,
    figure: Callable[[str], None],
    instrumented: bool,
) -> None:
    if instrumented:
        FastAPIInstrumentor.instrument_app(one.app)
    sent = send_each_kind(one, monkeypatch)
    finished = spans.get_finished_spans()
    assert len(finished) >= len(sent.answers)

    text = "\n".join(span.to_json() for span in finished)
    assert [secret for secret in sent.secrets if secret in text] == []
    assert {name for span in finished for name in span.attributes or {}} <= KEPT
    assert [event for span in finished for event in span.events] == []
    assert {span.status.description for span in finished} == {None}
    routes = {str((span.attributes or {}).get("http.route", "unmatched")) for span in finished}
    assert routes >= {ROUTES["calendar"], ROUTES["survey"], ROUTES["case"], ROUTES["cases"], "unmatched"}
    assert STATUS["broken"] in {(span.attributes or {}).get("http.response.status_code") for span in finished}
    assert not any("?" in span.name or "0198" in span.name for span in finished)
    figure(f"{len(finished)} spans of {len(sent.answers)} kinds of requests: 0 secrets, addresses, queries, events")


def test_the_trace_of_a_span_is_that_of_the_answer_and_of_who_called(one: Service, spans: InMemorySpanExporter) -> None:
    parent = f"00-{'ab' * 16}-b7ad6b7169203331-01"
    answer = one.send("GET", "/v1/cases", headers={"traceparent": parent})
    own = one.send("GET", "/v1/cases")
    traces = [json.loads(span.to_json())["context"]["trace_id"] for span in spans.get_finished_spans()]
    assert traces == [f"0x{answer.json()['trace_id']}", f"0x{own.json()['trace_id']}"]
    assert answer.json()["trace_id"] == "ab" * 16


def test_without_an_sdk_no_span_is_begun(one: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(trace.ProxyTracer, "start_span", lambda _self, name, *_, **__: begun.append(name))
    assert one.send("GET", "/health/live").status_code == 200
    assert begun == []
