//! The way out: one transaction bundle a POST to the server's base.
//!
//! The mapping gives every entry an `ifNoneExist` on the delivery's id, so a repeat creates nothing.

use luotsi_consent::Permitted;
use luotsi_model::Sensitive;
use luotsi_port::{BoxFuture, Outbound, Outgoing, Problem, Receipt, SendError, classify, reached};
use reqwest::Client;

use crate::Config;

/// FHIR's own media type (R4, 3.1.0.1.8).
const FHIR_JSON: &str = "application/fhir+json";

pub(crate) struct Fhir {
    http: Client,
    base: String,
    metadata: String,
    token: Option<Sensitive<String>>,
}

impl Fhir {
    pub(crate) fn new(config: Config, http: Client) -> Result<Self, Problem> {
        let token = config.token.map(|secret| secret.read()).transpose()?;
        let metadata = format!("{}/metadata", config.base_url);
        Ok(Self { http, base: config.base_url, metadata, token })
    }
}

impl Outbound for Fhir {
    fn deliver(&self, parcel: Permitted<Outgoing>) -> BoxFuture<'_, Result<Receipt, SendError>> {
        Box::pin(async move {
            let (parcel, _) = parcel.release();
            let mut request = self
                .http
                .post(&self.base)
                .header("content-type", FHIR_JSON)
                .header("accept", FHIR_JSON)
                // What is created need not come back: it would only be thrown away.
                .header("prefer", "return=minimal")
                .header("x-request-id", parcel.delivery.to_string())
                .header("traceparent", parcel.traceparent)
                .body(parcel.body);
            if let Some(token) = &self.token {
                request = request.bearer_auth(token.reveal());
            }
            classify(request.send().await)
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async move { reached(self.http.get(&self.metadata).send().await) })
    }
}
