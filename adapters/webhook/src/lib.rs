//! A provider's webhook: JSON, signed as Standard Webhooks 1.0.0 has it.
//!
//! Its answers are posted to the hub's own listener and need no code here.

mod config;
mod outbound;
mod sign;

use std::sync::Arc;

use luotsi_port::{Adapter, Outbound, Problem, Services};

use config::Config;
use outbound::Webhook;

/// The adapter's only value.
pub const ADAPTER: &dyn Adapter = &Kind;

struct Kind;

impl Adapter for Kind {
    fn kind(&self) -> &'static str {
        "webhook"
    }

    fn check(&self, settings: &toml::Table) -> Vec<Problem> {
        Config::parse(settings).err().into_iter().collect()
    }

    fn outbound(
        &self,
        settings: &toml::Table,
        services: &Services,
    ) -> Result<Arc<dyn Outbound>, Problem> {
        Ok(Arc::new(Webhook::new(&Config::parse(settings)?, services.http.clone())?))
    }
}
