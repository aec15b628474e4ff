//! Findings as SARIF 2.1.0, for what shows them beside the lines of a change.

use std::collections::BTreeMap;

use luotsi_model::{Diagnostic, Severity, diagnostic::line_column};
use serde_json::{Value as Json, json};

use super::render::Places;
use crate::command::explain;

/// One run of the tool.
pub(super) fn log(
    findings: &[Diagnostic],
    sources: &BTreeMap<String, String>,
    places: &Places,
) -> Json {
    let mut codes: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let results = findings.iter().map(|finding| {
        let rule = codes.binary_search(&finding.code).unwrap_or_default();
        result(finding, rule, sources, places)
    });
    let results: Vec<_> = results.collect();
    let driver = json!({
        "name": "luotsi",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": codes.iter().map(|code| rule(code)).collect::<Vec<_>>(),
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// What the reference says of the code.
fn rule(code: &str) -> Json {
    let Some(section) = explain::section(code) else { return json!({ "id": code }) };
    json!({
        "id": code,
        "shortDescription": { "text": section.about },
        "help": { "text": section.text, "markdown": section.text },
    })
}

fn result(
    finding: &Diagnostic,
    rule: usize,
    sources: &BTreeMap<String, String>,
    places: &Places,
) -> Json {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut found = json!({
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": level,
        "message": { "text": message(finding) },
        "locations": [],
    });
    // What is wrong with the world stands in no file.
    if finding.file.is_empty() {
        return found;
    }
    let mut physical = json!({ "artifactLocation": { "uri": uri(&places.of(&finding.file)) } });
    let place = finding.span.as_ref().zip(sources.get(&finding.file));
    if let Some((span, text)) = place {
        let (line, column) = line_column(text, span.start);
        let (end_line, end_column) = line_column(text, span.end.max(span.start));
        physical["region"] = json!({
            "startLine": line, "startColumn": column,
            "endLine": end_line, "endColumn": end_column,
        });
    }
    found["locations"] = json!([{ "physicalLocation": physical }]);
    found
}

fn message(finding: &Diagnostic) -> String {
    let parts = [("", &finding.what), (": ", &finding.why), (". Mend: ", &finding.mend)];
    let told = parts.iter().filter(|(_, part)| !part.is_empty());
    told.map(|(before, part)| format!("{before}{part}")).collect()
}

/// A path as a URI reference: relative stays relative.
fn uri(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    let escaped = path.bytes().map(|b| match plain(b) {
        true => char::from(b).to_string(),
        false => format!("%{b:02X}"),
    });
    let escaped: String = escaped.collect();
    if path.starts_with('/') { format!("file://{escaped}") } else { escaped }
}
