//! A FHIR R4 server: transaction bundles posted to its base, single resources put.

mod config;
mod outbound;

use std::sync::Arc;

use luotsi_port::{Adapter, Outbound, Problem, Services};

use config::Config;
use outbound::Fhir;

/// The adapter's only value.
pub const ADAPTER: &dyn Adapter = &Kind;

struct Kind;

impl Adapter for Kind {
    fn kind(&self) -> &'static str {
        "fhir"
    }

    fn check(&self, settings: &toml::Table) -> Vec<Problem> {
        Config::parse(settings).err().into_iter().collect()
    }

    fn outbound(
        &self,
        settings: &toml::Table,
        services: &Services,
    ) -> Result<Arc<dyn Outbound>, Problem> {
        Ok(Arc::new(Fhir::new(Config::parse(settings)?, services.http.clone())?))
    }
}
