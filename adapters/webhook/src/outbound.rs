//! The way out: one signed webhook a POST.

use luotsi_consent::Permitted;
use luotsi_port::{BoxFuture, Outbound, Outgoing, Problem, Receipt, SendError, classify, reached};
use reqwest::Client;

use crate::{Config, sign::Key};

pub(crate) struct Webhook {
    http: Client,
    url: String,
    key: Key,
}

impl Webhook {
    pub(crate) fn new(config: &Config, http: Client) -> Result<Self, Problem> {
        Ok(Self { http, url: config.url.clone(), key: Key::parse(&config.secret.read()?)? })
    }
}

impl Outbound for Webhook {
    fn deliver(&self, parcel: Permitted<Outgoing>) -> BoxFuture<'_, Result<Receipt, SendError>> {
        Box::pin(async move {
            let (parcel, _) = parcel.release();
            let id = parcel.delivery.to_string();
            // The moment of this attempt: a retry signed with an old time would be refused as a replay.
            let timestamp = parcel.at.as_second();
            let signature = self.key.sign(&id, timestamp, &parcel.body);
            let request = self
                .http
                .post(&self.url)
                .header("content-type", parcel.content_type)
                .header("webhook-id", id)
                .header("webhook-timestamp", timestamp)
                .header("webhook-signature", signature)
                .header("traceparent", parcel.traceparent)
                .body(parcel.body);
            classify(request.send().await)
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async move { reached(self.http.head(&self.url).send().await) })
    }
}
