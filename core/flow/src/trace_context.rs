//! W3C trace context: taken in, passed on.

use opentelemetry::{
    Context, SpanId, TraceFlags, TraceId,
    trace::{SpanContext, TraceContextExt, TraceState},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::Entropy;

/// Whether `text` is a version-00 traceparent with ids that are not all zero.
pub(crate) fn is_valid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let set = |part: &str| part.bytes().any(|b| b != b'0');
    matches!(parts[..], ["00", trace, span, flags]
        if hex(trace, 32) && set(trace) && hex(span, 16) && set(span) && hex(flags, 2))
}

/// Makes `span` a part of the trace that `parent` names, where traces are kept at all.
pub(crate) fn adopt(span: &Span, parent: Option<&str>) {
    if let Some(context) = parent.and_then(remote) {
        // Fails only where no tracer listens, and then there is nothing to tie.
        let _ = span.set_parent(context);
    }
}

fn remote(parent: &str) -> Option<Context> {
    if !is_valid(parent) {
        return None;
    }
    let trace = TraceId::from_hex(&parent[3..35]).ok()?;
    let span = SpanId::from_hex(&parent[36..52]).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(&parent[53..55], 16).ok()?);
    let remote = SpanContext::new(trace, span, flags, true, TraceState::default());
    Some(Context::new().with_remote_span_context(remote))
}

/// The context of `span` itself, where traces are kept.
pub(crate) fn of(span: &Span) -> Option<String> {
    let context = span.context();
    let own = context.span().span_context().clone();
    let flags = own.trace_flags().to_u8();
    own.is_valid().then(|| format!("00-{}-{}-{flags:02x}", own.trace_id(), own.span_id()))
}

/// The context to hand on: that of `span`; else the sender's trace, or a new one, with a span id of
/// this delivery's own.
pub(crate) fn onward(span: &Span, parent: Option<&str>, entropy: &dyn Entropy) -> String {
    of(span).unwrap_or_else(|| renewed(parent, entropy))
}

fn renewed(parent: Option<&str>, entropy: &dyn Entropy) -> String {
    let span = entropy.uuid().simple().to_string();
    let span = &span[..16];
    match parent.filter(|parent| is_valid(parent)) {
        Some(parent) => format!("{}{span}{}", &parent[..36], &parent[52..]),
        None => format!("00-{}-{span}-01", entropy.uuid().simple()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trace_is_kept_and_the_span_is_new() {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let entropy = crate::SystemEntropy;
        let onward_of = renewed(Some(parent), &entropy);
        assert!(is_valid(&onward_of), "{onward_of}");
        assert_eq!(onward_of[..36], parent[..36]);
        assert_ne!(onward_of[36..52], parent[36..52]);
        assert!(
            is_valid(&renewed(None, &entropy)) && is_valid(&renewed(Some("nonsense"), &entropy))
        );
    }
}
