//! Maps permitted values out, into the document that leaves.

use std::time::Instant;

use bytes::Bytes;
use luotsi_consent::Permitted;
use luotsi_journal::{Error, Lossy, read};
use luotsi_model::{ClientRef, Values};
use luotsi_port::Outgoing;

use super::{Attempt, Sender};
use tracing::Span;

use crate::{lossy, metrics::Stage, trace_context};

/// What leaves, and the codes in it that say less than they do in the record.
pub(super) struct Written {
    pub(super) parcel: Permitted<Outgoing>,
    pub(super) lossy: Vec<Lossy>,
}

impl Sender {
    /// Maps the permitted values out.
    pub(super) async fn translate(
        &self,
        attempt: &Attempt<'_>,
        permitted: Permitted<Values>,
    ) -> Result<Result<Written, String>, Error> {
        let kind = &attempt.envelope.kind;
        let Some(mapping) = attempt.region.delivery_mapping(&self.system, kind) else {
            return Ok(Err(format!("no mapping of {} writes a {kind}", self.system)));
        };
        let item = attempt.item;
        let original = match attempt.envelope.answers {
            Some(answered) => self.flow.journal.read(move |c| read::original(c, answered)).await?,
            None => None,
        };
        let original = original.map_or_else(String::new, |m| m.envelope.id.to_string());
        let (delivery, message) = (item.id.to_string(), attempt.envelope.id.to_string());
        let now = attempt.now.to_string();
        let context = [
            ("$delivery", delivery.as_str()),
            ("$message", &message),
            ("$client", item.subject.as_ref().map_or("", ClientRef::as_str)),
            ("$now", &now),
            ("$source", attempt.envelope.source.as_str()),
            ("$original", &original),
        ];
        let started = Instant::now();
        let mut lossy = Vec::new();
        let parcel = permitted.translate(|values| {
            let written = mapping.encode_noting(&values, &context);
            let (body, noted) = written.map_err(|fault| fault.to_string())?;
            self.flow.metrics.lost(mapping.name(), &noted);
            lossy = lossy::kept(noted);
            Ok(Outgoing {
                body: Bytes::from(body),
                content_type: mapping.format().media_type(),
                delivery: item.id,
                message: attempt.envelope.id,
                kind: kind.clone(),
                at: attempt.now,
                traceparent: trace_context::onward(
                    &Span::current(),
                    attempt.envelope.traceparent.as_deref(),
                    &*self.flow.entropy,
                ),
            })
        });
        self.flow.metrics.took(Stage::Encode, started.elapsed());
        Ok(parcel.map(|parcel| Written { parcel, lossy }))
    }
}
