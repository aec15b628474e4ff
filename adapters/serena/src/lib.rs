//! Serena-style guidance system: status documents as XML over HTTP POST.
//!
//! What comes in from it is posted to the hub's own listener and needs no code here.

mod config;
mod outbound;

use std::sync::Arc;

use luotsi_port::{Adapter, Outbound, Problem, Services};

use config::Config;
use outbound::Serena;

/// The adapter's only value.
pub const ADAPTER: &dyn Adapter = &Kind;

struct Kind;

impl Adapter for Kind {
    fn kind(&self) -> &'static str {
        "serena"
    }

    fn check(&self, settings: &toml::Table) -> Vec<Problem> {
        Config::parse(settings).err().into_iter().collect()
    }

    fn outbound(
        &self,
        settings: &toml::Table,
        services: &Services,
    ) -> Result<Arc<dyn Outbound>, Problem> {
        Ok(Arc::new(Serena::new(Config::parse(settings)?, services.http.clone())?))
    }
}
