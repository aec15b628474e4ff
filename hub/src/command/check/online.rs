//! What a start would need of the world: asked, and nothing changed.

mod broker;
mod journal;
mod systems;

use luotsi_model::Diagnostic;
use luotsi_region::Region;

use crate::{
    command::{Exit, Failure},
    settings::Settings,
};

/// What was asked, and what it said.
#[derive(Default)]
pub(super) struct Asked {
    /// Each without its login.
    pub(super) whom: Vec<String>,
    pub(super) findings: Vec<Diagnostic>,
}

/// Asks the journal's database, the broker, and the region's systems, where there is a region.
///
/// # Errors
/// When nothing can be asked here at all.
pub(super) fn ask(region: Option<&Region>, settings: &Settings) -> Result<Asked, Failure> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().map_err(|error| {
        Failure::new(Exit::Usage, "nothing can be asked here").why(error.to_string())
    })?;
    let mut asked = Asked::default();
    journal::ask(settings, &mut asked);
    runtime.block_on(async {
        broker::ask(settings, region, &mut asked).await;
        if let Some(region) = region {
            systems::ask(region, &mut asked).await;
        }
    });
    Ok(asked)
}

/// Whether a finding says only that somebody could not be asked.
pub(super) fn is_unreached(finding: &Diagnostic) -> bool {
    [journal::UNREACHED, broker::UNREACHED].contains(&finding.code)
}

/// An error that stands in no file of the region.
fn error(code: &'static str, what: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code, "", 0..0, what).nowhere()
}
