//! The way in, for a system that the hub fetches from.

use std::sync::Arc;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::BoxFuture;

/// One document as it arrived. Whose it is has been settled by the connection it arrived on.
#[derive(Clone)]
pub struct Arrived {
    /// The document, in the sender's format.
    pub body: Bytes,
    /// Its media type, where the sender said one.
    pub content_type: Option<String>,
    /// The same for the same document, however often it comes: a repeat is accepted once.
    pub key: String,
    /// W3C trace context, as it was sent.
    pub traceparent: Option<String>,
}

/// What became of a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Taken {
    /// It is durable: the sender may forget it.
    Accepted,
    /// It will never be accepted. Neither text holds a value of it.
    Refused {
        /// The code of the problem.
        code: &'static str,
        /// What is wrong with it, by places and fields.
        why: String,
    },
    /// The hub cannot take anything now; nothing of it was kept.
    Later {
        /// Why not.
        why: String,
    },
}

/// Where documents go that came in.
pub trait Intake: Send + Sync {
    /// Takes one document in. When it says accepted, the document is durable.
    fn take(&self, arrived: Arrived) -> BoxFuture<'_, Taken>;
}

/// A connected system, as the one that fetches from it sees it.
pub trait Inbound: Send + Sync {
    /// Fetches until `stop`, one document after the other, and mends its connection by itself. A
    /// document is acknowledged to the system after it was accepted, never before.
    fn run(
        self: Arc<Self>,
        intake: Arc<dyn Intake>,
        stop: CancellationToken,
    ) -> BoxFuture<'static, ()>;
}
