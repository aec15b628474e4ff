//! The hub and everything around it, and how the story speaks with the hub: through its doors only.

use std::time::Duration;

use luotsi_model::Sensitive;
use reqwest::Client;
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

use super::{
    Failed,
    hub::Hub,
    papers::Paper,
    people::Person,
    region::{self, Secrets},
    standins::{Addresses, Guidance, HomeCare, Provider},
};
use crate::command::ops::{self, Journey, Load, Ops, Why};

/// How long anything may be waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How often the hub is asked meanwhile.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// The systems' tokens, as the region's files say in their comments.
const GUIDANCE_TOKEN: &str = "demo-serena-token";
const PROVIDER_TOKEN: &str = "demo-malli-ry-token";

/// Everything there is. Dropping it ends the hub and removes what it kept.
pub(super) struct World {
    pub(super) hub: Hub,
    pub(super) ops: Ops,
    pub(super) guidance: Guidance,
    pub(super) home_care: HomeCare,
    pub(super) provider: Provider,
    pub(super) http: Client,
    pub(super) told: Told,
    /// Last, so that it is removed when nobody uses it any more.
    _home: TempDir,
}

/// What earlier steps leave to later ones.
#[derive(Default)]
pub(super) struct Told {
    /// The message that refers Aino.
    pub(super) referral: String,
    /// Malli ry's task of it.
    pub(super) task: String,
    /// The message that came to nothing.
    pub(super) withdrawn: String,
}

/// The hub's receipt for a message.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Accepted {
    pub(super) message: String,
    pub(super) deliveries: usize,
    #[serde(default)]
    pub(super) in_flight: Option<u32>,
}

impl World {
    /// Starts the stand-ins and the hub among them.
    pub(super) async fn set_up() -> Result<Self, Failed> {
        let secrets = Secrets::make()?;
        let guidance = Guidance::start(secrets.guidance.clone()).await?;
        let home_care = HomeCare::start().await?;
        let provider = Provider::start(&secrets.provider).await?;
        let addresses = Addresses {
            guidance: guidance.address(),
            home_care: home_care.address(),
            provider: provider.address(),
        };
        let home = tempfile::Builder::new().prefix("luotsi-demo-").tempdir()?;
        let region = region::copy(home.path(), &addresses)?;
        let mut hub = Hub::new(home.path(), region, secrets.environment())?;
        let http = Client::builder().no_proxy().timeout(PATIENCE).build()?;
        hub.start(&http).await?;
        let token = std::fs::read_to_string(hub.data().join("ops.token"))?;
        let token = Sensitive::new(token.trim().to_owned());
        let ops = Ops::at(&format!("http://{}", hub.ops), token)?;
        let told = Told::default();
        Ok(Self { hub, ops, guidance, home_care, provider, http, told, _home: home })
    }

    /// The guidance system sends a document, under its reference as the idempotency key.
    pub(super) async fn guidance_sends(&self, paper: &Paper) -> Result<Accepted, Failed> {
        let url = format!("http://{}/in/serena", self.hub.intake);
        let request = self.http.post(url).bearer_auth(GUIDANCE_TOKEN);
        let request = request.header("idempotency-key", &paper.reference);
        let request = request.header("content-type", "application/xml").body(paper.xml.clone());
        accepted(request.send().await?, &paper.reference).await
    }

    /// Malli ry answers a task.
    pub(super) async fn provider_answers(&self, answer: &Value) -> Result<Accepted, Failed> {
        accepted(self.answer(answer).await?, "Malli ry's answer").await
    }

    /// The same, whatever comes of it: the status.
    pub(super) async fn provider_tries(&self, answer: &Value) -> Result<u16, Failed> {
        Ok(self.answer(answer).await?.status().as_u16())
    }

    async fn answer(&self, answer: &Value) -> Result<reqwest::Response, Failed> {
        let url = format!("http://{}/in/malli-ry", self.hub.intake);
        Ok(self.http.post(url).bearer_auth(PROVIDER_TOKEN).json(answer).send().await?)
    }

    /// The client's plan, read by the guidance system as FHIR. Her code stands in a body, not in a
    /// URL.
    pub(super) async fn plan(&self, person: &Person) -> Result<Option<Value>, Failed> {
        let url = format!("http://{}/fhir/R4/CarePlan/_search", self.hub.intake);
        let body = format!("patient.identifier=urn%3Aoid%3A1.2.246.21%7C{}", person.hetu);
        let request = self.http.post(url).bearer_auth(GUIDANCE_TOKEN);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(body).send().await?.error_for_status()?;
        let mut found: Value = answer.json().await?;
        Ok(found.pointer_mut("/entry/0/resource").map(Value::take))
    }

    /// A message's journey, once it has come to where `arrived` says.
    pub(super) async fn journey_until(
        &self,
        message: &str,
        what: &str,
        arrived: impl Fn(&Journey) -> bool,
    ) -> Result<Journey, Failed> {
        let path = format!("/api/messages/{message}");
        until(what, async || {
            let journey: Journey = ops::read(&self.ops.get(&path, &[]).await?)?;
            Ok(arrived(&journey).then_some(journey))
        })
        .await
    }

    /// A message's journey, once all of it has been delivered.
    pub(super) async fn delivered(&self, message: &str) -> Result<Journey, Failed> {
        self.journey_until(message, "every recipient to have it", |journey| {
            journey.deliveries.iter().all(|delivery| delivery.state == "delivered")
        })
        .await
    }

    /// The gate's explanation.
    pub(super) async fn why(&self, message: &str, to: &str) -> Result<Why, Failed> {
        let path = format!("/api/messages/{message}/why");
        Ok(ops::read(&self.ops.get(&path, &[("to", to)]).await?)?)
    }

    /// How many deliveries have no end yet, waiting for a person included.
    pub(super) async fn open_deliveries(&self, to: Option<&str>) -> Result<u64, Failed> {
        let loads: Vec<Load> = ops::read(&self.ops.get("/api/loads", &[]).await?)?;
        let is_open = |load: &&Load| !matches!(load.state.as_str(), "delivered" | "refused");
        let meant = loads.iter().filter(|load| to.is_none_or(|to| load.destination == to));
        Ok(meant.filter(is_open).map(|load| load.count).sum())
    }

    /// The sum of a metric over the series that have all of `labels`.
    pub(super) async fn metric(&self, name: &str, labels: &[&str]) -> Result<f64, Failed> {
        let url = format!("http://{}/metrics", self.hub.ops);
        let text = self.http.get(url).send().await?.error_for_status()?.text().await?;
        let series = text.lines().filter(|line| line.starts_with(name));
        let meant = series.filter(|line| labels.iter().all(|label| line.contains(label)));
        let values = meant.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        // Not `sum`, whose nothing is -0.
        Ok(values.fold(0.0, |all, value| all + value))
    }
}

async fn accepted(response: reqwest::Response, what: &str) -> Result<Accepted, Failed> {
    let status = response.status().as_u16();
    if status != 202 {
        let problem: Value = response.json().await.unwrap_or_default();
        let detail = problem["detail"].as_str().unwrap_or_default();
        return Err(Failed::new(format!("{what} was not accepted: {status} {detail}")));
    }
    Ok(response.json().await?)
}

/// Asks until there is an answer, or for too long.
pub(super) async fn until<T>(
    what: &str,
    mut ask: impl AsyncFnMut() -> Result<Option<T>, Failed>,
) -> Result<T, Failed> {
    let asking = async {
        loop {
            if let Some(found) = ask().await? {
                return Ok(found);
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| {
        Err(Failed::new(format!("waited {} s in vain for {what}", PATIENCE.as_secs())))
    })
}
