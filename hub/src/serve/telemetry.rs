//! What the hub tells of itself: JSON logs on standard output, metrics for Prometheus, and traces
//! and metrics over OTLP where an endpoint is named. None of it holds personal data.

use opentelemetry::{global, trace::TracerProvider};
use opentelemetry_otlp::{MetricExporter, SpanExporter};
use opentelemetry_sdk::{Resource, metrics::SdkMeterProvider, trace::SdkTracerProvider};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, Targets, filter_fn},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// What must be ended, so that the last of it gets out.
pub(super) struct Telemetry {
    pub(super) registry: prometheus::Registry,
    meters: SdkMeterProvider,
    tracers: Option<SdkTracerProvider>,
}

type Refusal = Box<dyn std::error::Error>;

/// Starts all of it. Must not be called inside a runtime: OTLP's exporters block.
pub(super) fn start(level: &str) -> Result<Telemetry, Refusal> {
    let otlp = std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_some_and(|v| !v.is_empty());
    let registry = prometheus::Registry::new();
    let meters = meters(&registry, otlp)?;
    global::set_meter_provider(meters.clone());
    let tracers = if otlp { Some(tracers()?) } else { None };
    logs(level, tracers.as_ref())?;
    Ok(Telemetry { registry, meters, tracers })
}

impl Telemetry {
    /// Gets the last of it out.
    pub(super) fn stop(self) {
        let meters = self.meters.shutdown();
        let tracers = self.tracers.map_or(Ok(()), |tracers| tracers.shutdown());
        if let Err(error) = meters.and(tracers) {
            tracing::warn!(%error, "the last metrics or traces were not exported");
        }
    }
}

fn resource() -> Resource {
    Resource::builder().with_service_name("luotsi").build()
}

fn meters(registry: &prometheus::Registry, otlp: bool) -> Result<SdkMeterProvider, Refusal> {
    let prometheus = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        .without_target_info()
        .build()?;
    let builder = SdkMeterProvider::builder().with_resource(resource()).with_reader(prometheus);
    if !otlp {
        return Ok(builder.build());
    }
    let exporter = MetricExporter::builder().with_http().build()?;
    Ok(builder.with_periodic_exporter(exporter).build())
}

fn tracers() -> Result<SdkTracerProvider, Refusal> {
    let exporter = SpanExporter::builder().with_http().build()?;
    Ok(SdkTracerProvider::builder().with_resource(resource()).with_batch_exporter(exporter).build())
}

fn logs(level: &str, tracers: Option<&SdkTracerProvider>) -> Result<(), Refusal> {
    let filter = EnvFilter::try_new(level).map_err(|e| {
        format!("[log] level {level:?} is none: {e}; use error, warn, info or debug")
    })?;
    // Spans are the tracer's; in the log they would repeat themselves on every line.
    let json = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        // The broker's client shows whole messages: one that is returned already as a warning.
        .with_filter(filter.and(filter_fn(|told| !told.target().starts_with("lapin"))));
    let spans = tracers.map(|tracers| {
        tracing_opentelemetry::layer()
            .with_tracer(tracers.tracer("luotsi"))
            // Only our own spans: the exporter's own HTTP would trace itself for ever.
            .with_filter(Targets::new().with_target("luotsi", tracing::Level::DEBUG))
    });
    tracing_subscriber::registry().with(json).with(spans).try_init()?;
    Ok(())
}
