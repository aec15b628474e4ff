//! Malli ry: a provider that takes signed webhooks, and drops what it has had before.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use aws_lc_rs::hmac;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

use super::{Inbox, server::Server};
use crate::demo::Failed;

/// How far a signature's time may be from ours, in seconds (Standard Webhooks: five minutes).
const DRIFT_MAX: i64 = 300;

/// A webhook whose signature held.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Webhook {
    /// Its `webhook-id`: the delivery.
    pub(in crate::demo) id: String,
    /// Whether one with this id came before, so that this one was dropped.
    pub(in crate::demo) is_repeat: bool,
    /// The body, byte for byte.
    pub(in crate::demo) text: String,
    pub(in crate::demo) body: Value,
}

/// The stand-in.
pub(in crate::demo) struct Provider {
    address: SocketAddr,
    server: Option<Server>,
    heart: Arc<Heart>,
}

struct Heart {
    key: hmac::Key,
    received: Inbox<Webhook>,
    forged: AtomicUsize,
    answered: AtomicUsize,
    /// How many more requests it answers before it grows silent.
    answers_left: watch::Sender<usize>,
}

impl Provider {
    /// `secret`: `whsec_` and base64, as the hub has it.
    pub(in crate::demo) async fn start(secret: &str) -> Result<Self, Failed> {
        let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
        let key = STANDARD.decode(encoded).map_err(|_| Failed::new("no webhook secret"))?;
        let heart = Arc::new(Heart {
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            received: Inbox::new(),
            forged: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
            answers_left: watch::Sender::new(usize::MAX),
        });
        let server = Server::start(router(&heart)).await?;
        Ok(Self { address: server.address, server: Some(server), heart })
    }

    pub(in crate::demo) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(in crate::demo) fn received(&self) -> &Inbox<Webhook> {
        &self.heart.received
    }

    /// How many requests came whose signature did not hold.
    pub(in crate::demo) fn forged(&self) -> usize {
        self.heart.forged.load(Ordering::Acquire)
    }

    /// How many it has answered.
    pub(in crate::demo) fn answered(&self) -> usize {
        self.heart.answered.load(Ordering::Acquire)
    }

    /// Closes its port: nothing reaches it.
    pub(in crate::demo) async fn go_down(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }

    /// Opens the same port again.
    pub(in crate::demo) async fn come_back(&mut self) -> Result<(), Failed> {
        self.server = Some(Server::start_at(self.address, router(&self.heart)).await?);
        Ok(())
    }

    /// Answers that many more requests, and then takes them in without an answer.
    pub(in crate::demo) fn answer_only(&self, count: usize) {
        self.heart.answers_left.send_replace(count);
    }

    /// Answers whatever comes.
    pub(in crate::demo) fn answer_all(&self) {
        self.answer_only(usize::MAX);
    }
}

fn router(heart: &Arc<Heart>) -> Router {
    Router::new().route("/hooks", post(receive)).with_state(heart.clone())
}

async fn receive(State(heart): State<Arc<Heart>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Some(id) = heart.verify(&headers, &body) else {
        heart.forged.fetch_add(1, Ordering::AcqRel);
        return StatusCode::UNAUTHORIZED;
    };
    let (Ok(text), Ok(value)) = (String::from_utf8(body.to_vec()), serde_json::from_slice(&body))
    else {
        return StatusCode::BAD_REQUEST;
    };
    heart.received.put(|before| {
        let is_repeat = before.iter().any(|webhook| webhook.id == id);
        Webhook { id, is_repeat, text, body: value }
    });
    heart.may_answer().await;
    heart.answered.fetch_add(1, Ordering::AcqRel);
    StatusCode::NO_CONTENT
}

impl Heart {
    /// The id of a webhook that is signed as Standard Webhooks 1.0.0 has it, and lately.
    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Option<String> {
        let header = |name| headers.get(name)?.to_str().ok();
        let (id, timestamp) = (header("webhook-id")?, header("webhook-timestamp")?);
        let drift = Timestamp::now().as_second() - timestamp.parse::<i64>().ok()?;
        let signed = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
        let holds = |signature: &str| {
            let tag = signature.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
            tag.is_some_and(|tag| hmac::verify(&self.key, &signed, &tag).is_ok())
        };
        let is_signed = header("webhook-signature")?.split(' ').any(holds);
        (is_signed && drift.abs() <= DRIFT_MAX).then(|| id.to_owned())
    }

    async fn may_answer(&self) {
        let mut left = self.answers_left.subscribe();
        let take = |left: &mut usize| {
            let may = *left > 0;
            *left = left.saturating_sub(1);
            may
        };
        while !self.answers_left.send_if_modified(take) {
            // The sender is `self`: it outlives the wait.
            drop(left.wait_for(|left| *left > 0).await);
        }
    }
}
