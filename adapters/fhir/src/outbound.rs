//! The way out: a transaction bundle is posted to the server's base, any other resource put under
//! the delivery's id.
//!
//! A repeat changes nothing: the mapping gives every entry of a bundle an `ifNoneExist` on the
//! delivery's id, and a put under one id makes one resource (R4, 3.1.0.7.1, update as create).

use luotsi_consent::Permitted;
use luotsi_model::Sensitive;
use luotsi_port::{BoxFuture, Outbound, Outgoing, Problem, Receipt, SendError, classify, reached};
use reqwest::{Client, Method};
use serde::Deserialize;

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
            let delivery = parcel.delivery.to_string();
            let (method, url) = target(&self.base, &parcel.body, &delivery)?;
            let mut request = self
                .http
                .request(method, url)
                .header("content-type", FHIR_JSON)
                .header("accept", FHIR_JSON)
                // What is created need not come back: it would only be thrown away.
                .header("prefer", "return=minimal")
                .header("x-request-id", delivery)
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

/// What every resource says of itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    resource_type: String,
    id: Option<String>,
}

/// How and where a resource goes. The address holds the resource's type and the delivery, no more.
fn target(base: &str, body: &[u8], delivery: &str) -> Result<(Method, String), SendError> {
    let reject = |why: &str| SendError::Reject { why: why.to_owned() };
    let resource: Resource = serde_json::from_slice(body)
        .map_err(|_| reject("the mapping wrote no FHIR resource: `resourceType` is missing"))?;
    match (&*resource.resource_type, resource.id.as_deref()) {
        ("Bundle", _) => Ok((Method::POST, base.to_owned())),
        (kind, Some(id)) if id == delivery && is_name(kind) => {
            Ok((Method::PUT, format!("{base}/{kind}/{delivery}")))
        }
        _ => Err(reject(
            "a resource that is no Bundle goes under the delivery's id: map `id` to `$delivery`",
        )),
    }
}

fn is_name(kind: &str) -> bool {
    !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_posted_and_a_resource_put_under_the_deliverys_id() {
        let check = |body: &str, want: Option<(Method, &str)>| {
            let got = target("https://koti.example/fhir", body.as_bytes(), "d-1").ok();
            assert_eq!(got, want.map(|(method, url)| (method, url.to_owned())), "{body}");
        };
        let bundle = r#"{"resourceType":"Bundle","type":"transaction"}"#;
        check(bundle, Some((Method::POST, "https://koti.example/fhir")));
        let task = r#"{"resourceType":"Task","id":"d-1"}"#;
        check(task, Some((Method::PUT, "https://koti.example/fhir/Task/d-1")));
        check(r#"{"resourceType":"Task"}"#, None);
        check(r#"{"resourceType":"Task","id":"d-2"}"#, None);
        check(r#"{"resourceType":"../Task","id":"d-1"}"#, None);
        check(r#"{"id":"d-1"}"#, None);
    }
}
