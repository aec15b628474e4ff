//! The way out.

use std::{future::Future, pin::Pin, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use luotsi_consent::Permitted;
use luotsi_model::{ClientRef, DeliveryId, Kind, MessageId};

/// A future behind a trait object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One document on its way out. The body holds permitted fields only.
#[derive(Debug)]
pub struct Outgoing {
    /// The document, in the recipient's format.
    pub body: Bytes,
    /// Its media type.
    pub content_type: &'static str,
    /// The delivery: the same over every attempt, so that the recipient can drop a repeat.
    pub delivery: DeliveryId,
    /// The message it carries.
    pub message: MessageId,
    /// The record kind.
    pub kind: Kind,
    /// The moment of this attempt.
    pub at: Timestamp,
    /// W3C trace context to pass on.
    pub traceparent: String,
}

/// The recipient has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// What it answered, in a word or a status code.
    pub answer: String,
}

/// The recipient does not have it, or did not say so. Holds nothing of the document or the answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SendError {
    /// It may go better later.
    #[error("{why}")]
    Retry {
        /// What went wrong.
        why: String,
        /// When the recipient asked to be tried again.
        after: Option<Duration>,
        /// Whether the recipient was reached: if not, no byte of the document left.
        reached: bool,
    },
    /// It will not go better: a person must look.
    #[error("{why}")]
    Reject {
        /// What went wrong.
        why: String,
    },
}

impl SendError {
    /// May go better later; the recipient may have got some of it.
    pub fn retry(why: impl Into<String>) -> Self {
        Self::Retry { why: why.into(), after: None, reached: true }
    }

    /// May go better later; nothing left.
    pub fn unreached(why: impl Into<String>) -> Self {
        Self::Retry { why: why.into(), after: None, reached: false }
    }

    /// Will not go better.
    pub fn reject(why: impl Into<String>) -> Self {
        Self::Reject { why: why.into() }
    }
}

/// A connected system, as the one that delivers to it sees it.
pub trait Outbound: Send + Sync {
    /// Delivers one document once. Taking the permitted document by value is what makes a permit
    /// good for one send.
    fn deliver(&self, parcel: Permitted<Outgoing>) -> BoxFuture<'_, Result<Receipt, SendError>>;

    /// Whether the system can be reached, without sending it anything of anyone.
    fn probe(&self) -> BoxFuture<'_, Result<(), SendError>>;
}

/// The built-in plan store, to the adapter that writes to it.
pub trait PlanStore: Send + Sync {
    /// Merges a document of the plan's own format into the client's plan.
    fn merge(&self, client: ClientRef, body: Bytes) -> BoxFuture<'_, Result<Receipt, SendError>>;
}
