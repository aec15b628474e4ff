//! W3C trace context: taken in, passed on.

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

/// The context to hand on: the sender's trace, or a new one, with a span of this delivery's own.
pub(crate) fn onward(parent: Option<&str>, entropy: &dyn Entropy) -> String {
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
        let onward_of = onward(Some(parent), &entropy);
        assert!(is_valid(&onward_of), "{onward_of}");
        assert_eq!(onward_of[..36], parent[..36]);
        assert_ne!(onward_of[36..52], parent[36..52]);
        assert!(is_valid(&onward(None, &entropy)) && is_valid(&onward(Some("nonsense"), &entropy)));
    }
}
