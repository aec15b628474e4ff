//! Each connection's settings, by the adapter that will use them.

use std::collections::BTreeMap;

use luotsi_model::Diagnostic;
use luotsi_port::{Adapter, Parts, Problem};
use serde::Deserialize;
use toml::Spanned;

/// The code of what an adapter finds.
const CODE: &str = "LU250";

/// As much of a connection's file as is asked here. The rest was read with the region; settings
/// are checked from the text so that an error elsewhere in the region hides none of theirs.
#[derive(Deserialize)]
struct Connection {
    adapter: String,
    settings: Option<Spanned<toml::Table>>,
    intake: Option<toml::Table>,
    delivery: Option<toml::Table>,
}

/// Everything that the adapters find wrong with the settings in `sources`.
pub(super) fn check(
    sources: &BTreeMap<String, String>,
    adapters: &[&dyn Adapter],
) -> Vec<Diagnostic> {
    let connections = sources.iter().filter(|(file, _)| file.starts_with("connections/"));
    let mut owners = BTreeMap::new();
    connections.flat_map(|(file, text)| of_file(file, text, adapters, &mut owners)).collect()
}

/// Nothing for a file that is no connection, or whose adapter there is not: loading found that.
fn of_file(
    file: &str,
    text: &str,
    adapters: &[&dyn Adapter],
    owners: &mut BTreeMap<String, String>,
) -> Vec<Diagnostic> {
    let Ok(connection) = toml::from_str::<Connection>(text) else { return Vec::new() };
    let Some(adapter) = adapters.iter().find(|a| a.kind() == connection.adapter) else {
        return Vec::new();
    };
    let settings = connection.settings.unwrap_or_else(|| Spanned::new(0..0, toml::Table::new()));
    let span = header(text).unwrap_or_else(|| settings.span());
    let parts = Parts {
        intake: connection.intake.is_some(),
        token: connection.intake.is_some_and(|intake| intake.contains_key("token_sha256")),
        delivery: connection.delivery.is_some(),
    };
    let mut problems = adapter.check(settings.get_ref());
    problems.extend(adapter.check_parts(settings.get_ref(), parts));
    for claim in adapter.claims(settings.get_ref()) {
        if let Some(owner) = owners.get(&claim) {
            problems.push(Problem::new(
                format!("{owner} uses {claim} too"),
                "let each connection have its own: by it the hub knows whose a document is",
            ));
        }
        owners.insert(claim, file.to_owned());
    }
    problems
        .into_iter()
        .map(|problem| finding(file, span.clone(), adapter.kind(), problem))
        .collect()
}

/// Where `[settings]` stands: the whole table would underline half of the file.
fn header(text: &str) -> Option<std::ops::Range<usize>> {
    let start = text.lines().scan(0, |at, line| {
        let start = *at;
        *at += line.len() + 1;
        Some((start, line))
    });
    let (start, line) = start.into_iter().find(|(_, line)| line.trim_end() == "[settings]")?;
    Some(start..start + line.trim_end().len())
}

fn finding(file: &str, span: std::ops::Range<usize>, kind: &str, problem: Problem) -> Diagnostic {
    Diagnostic::error(CODE, file, span, problem.what)
        .why(format!("the adapter `{kind}` could not be made from these settings"))
        .mend(problem.mend)
}
