//! Serena: the guidance unit's system, which hears of answers as `Tila` documents.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::post,
};

use super::{Inbox, server::Server};
use crate::demo::Failed;

/// A `Tila`, as it was read here.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Status {
    /// Which of our referrals or contacts it is about.
    pub(in crate::demo) reference: String,
    /// `hyvaksytty`, `valmis`, …
    pub(in crate::demo) task: String,
    pub(in crate::demo) performer: String,
    pub(in crate::demo) reason: String,
    pub(in crate::demo) note: String,
}

/// The stand-in.
pub(in crate::demo) struct Guidance {
    server: Server,
    heart: Arc<Heart>,
}

struct Heart {
    secret: String,
    received: Inbox<Status>,
}

impl Guidance {
    /// `secret`: the bearer token that the hub must show.
    pub(in crate::demo) async fn start(secret: String) -> Result<Self, Failed> {
        let heart = Arc::new(Heart { secret, received: Inbox::new() });
        let router = Router::new().route("/tila", post(receive)).with_state(heart.clone());
        Ok(Self { server: Server::start(router).await?, heart })
    }

    pub(in crate::demo) fn address(&self) -> SocketAddr {
        self.server.address
    }

    pub(in crate::demo) fn received(&self) -> &Inbox<Status> {
        &self.heart.received
    }
}

async fn receive(State(heart): State<Arc<Heart>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if bearer.and_then(|value| value.strip_prefix("Bearer ")) != Some(heart.secret.as_str()) {
        return StatusCode::UNAUTHORIZED;
    }
    let Some(status) = std::str::from_utf8(&body).ok().and_then(read) else {
        return StatusCode::UNPROCESSABLE_ENTITY;
    };
    heart.received.put(|_| status);
    StatusCode::NO_CONTENT
}

/// `None` when it is no `Tila`, or lacks what a `Tila` must have.
fn read(xml: &str) -> Option<Status> {
    let document = roxmltree::Document::parse(xml).ok()?;
    let root = document.root_element();
    let named = root.has_tag_name(("urn:luotsi:serena-style:1.0", "Tila"));
    let child = |name| root.children().find(|node| node.tag_name().name() == name);
    let text = |name| child(name).and_then(|node| node.text()).unwrap_or_default().to_owned();
    let reference = child("Lahete")?.attribute("tunnus")?.to_owned();
    named.then(|| Status {
        reference,
        task: text("Tehtava"),
        performer: text("Tekija"),
        reason: text("Syy"),
        note: text("Viesti"),
    })
}
