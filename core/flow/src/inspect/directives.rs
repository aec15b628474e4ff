//! What a client has directed, for operations: every version, without a word of who she is.

use luotsi_consent::Directive;
use luotsi_journal::{Error, read};
use luotsi_model::ClientRef;
use serde::Serialize;

use crate::Flow;

/// Everything a client has directed.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ClientDirectives {
    /// The client.
    pub client: String,
    /// Her directives, in the order of their own ids.
    pub directives: Vec<DirectiveVersions>,
}

/// One directive.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DirectiveVersions {
    /// Its opaque id: `/fhir/R4/Consent/{consent}`.
    pub consent: String,
    /// Its versions, the latest first: the latest is what the gate decides by.
    pub versions: Vec<Directive>,
}

impl Flow {
    /// What a client has directed; nothing for a client nobody knows.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn directives(&self, client: &ClientRef) -> Result<ClientDirectives, Error> {
        let asked = client.clone();
        let found = self.journal.read(move |c| read::histories(c, &asked)).await?;
        let shown = |version: Directive| Directive {
            instrument: version.instrument.clone().without_values(),
            ..version
        };
        let one = |history: read::History| DirectiveVersions {
            consent: history.id.to_string(),
            versions: history.versions.into_iter().map(shown).collect(),
        };
        let directives = found.into_iter().map(one).collect();
        Ok(ClientDirectives { client: client.to_string(), directives })
    }
}
