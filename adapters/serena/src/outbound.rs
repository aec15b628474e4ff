//! The way out: one document a POST.

use luotsi_consent::Permitted;
use luotsi_model::Sensitive;
use luotsi_port::{BoxFuture, Outbound, Outgoing, Problem, Receipt, SendError, classify, reached};
use reqwest::Client;

use crate::Config;

pub(crate) struct Serena {
    http: Client,
    url: String,
    token: Option<Sensitive<String>>,
}

impl Serena {
    pub(crate) fn new(config: Config, http: Client) -> Result<Self, Problem> {
        let token = config.token.map(|secret| secret.read()).transpose()?;
        Ok(Self { http, url: config.url, token })
    }
}

impl Outbound for Serena {
    fn deliver(&self, parcel: Permitted<Outgoing>) -> BoxFuture<'_, Result<Receipt, SendError>> {
        Box::pin(async move {
            let (parcel, _) = parcel.release();
            let mut request = self
                .http
                .post(&self.url)
                .header("content-type", parcel.content_type)
                .header("idempotency-key", parcel.delivery.to_string())
                .header("traceparent", parcel.traceparent)
                .body(parcel.body);
            if let Some(token) = &self.token {
                request = request.bearer_auth(token.reveal());
            }
            classify(request.send().await)
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async move { reached(self.http.head(&self.url).send().await) })
    }
}
