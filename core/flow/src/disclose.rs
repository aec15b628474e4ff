//! Shows a record to a system that asks for it: the only way out beside [`send`](crate::send).
//!
//! The order is the law: permit → project → map out → intent (durable) → release → outcome
//! (durable). A read is a send: under a permit of its own, and into the log whatever comes of it.

use jiff::Timestamp;
use luotsi_consent::{Attested, Outcome, Permit, Recipient, Refusal, Request};
use luotsi_journal::{
    Entry, Error, Lossy, Phase, State,
    command::{Advance, Guard, Lost},
};
use luotsi_model::{
    Categories, ClientRef, FieldId, Kind, OrganisationId, Purpose, Record, Schema, SystemId, Values,
};
use luotsi_region::{Connection, Region};
use uuid::Uuid;

use crate::{Flow, alarm::Alarm, attested};

/// The result of a read that is shown whole or not at all, where the policy lets through a part.
const NOT_WHOLE: &str = "not-covered";

/// There is nothing to see. Whether it is absent or may not be seen is not told.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unseen {
    /// Denied, or absent.
    #[error("there is nothing of the kind")]
    Nothing,
    /// The journal cannot be read or the intent cannot be made durable.
    #[error(transparent)]
    Journal(#[from] Error),
}

/// A record about a client, and who asks to see it.
pub(crate) struct Showing<'a> {
    pub(crate) region: &'a Region,
    pub(crate) reader: &'a Connection,
    pub(crate) client: &'a ClientRef,
    /// The opaque id by which its reader knows what it sees.
    pub(crate) id: Uuid,
    /// Whose register it stands in, and whose system keeps it.
    pub(crate) controller: &'a OrganisationId,
    pub(crate) source: &'a Recipient,
    /// The source, as the log calls it.
    pub(crate) from: SystemId,
    pub(crate) purpose: &'a Purpose,
    pub(crate) kind: &'a Kind,
    pub(crate) schema: &'a Schema,
    /// The record, or why the stored one cannot be read: told only to those who may see it.
    pub(crate) record: Result<Record, Error>,
    /// The fields that its form has a place for; `None`: for all.
    pub(crate) asked: Option<Vec<FieldId>>,
    /// Whether it is shown whole or not at all.
    pub(crate) whole: bool,
}

/// A document that is shown, and the codes in it that say less than they do in the record.
pub(crate) struct Shown {
    pub(crate) body: Vec<u8>,
    pub(crate) lossy: Vec<Lossy>,
}

impl Flow {
    /// Shows it in the form that `form` makes of what is permitted; the bytes are given after their
    /// intent is durable. What is not shown is logged as refused.
    ///
    /// # Errors
    /// [`Unseen`].
    pub(crate) async fn disclose(
        &self,
        showing: &Showing<'_>,
        form: impl Fn(Values) -> Result<Shown, Unseen>,
    ) -> Result<Vec<u8>, Unseen> {
        // Directives that change between decision and intent make the decision stale; each turn
        // decides anew, so the loop ends with the first decision that still holds.
        loop {
            let now = self.clock.now();
            let permit = self.gate.permit(&showing.request(now), &showing.region.policy).await;
            let shown = match permit {
                Ok(permit) => self.show(showing, now, permit, &form).await?,
                Err(refusal) => self.refuse(showing, now, &refusal).await?,
            };
            match shown {
                Ok(body) => return Ok(body),
                Err(Lost::Stale) => self.gate.forget(showing.client),
                Err(Lost::Elsewhere) => return Err(Unseen::Nothing),
            }
        }
    }

    async fn show(
        &self,
        showing: &Showing<'_>,
        now: Timestamp,
        permit: Permit,
        form: impl Fn(Values) -> Result<Shown, Unseen>,
    ) -> Result<Result<Vec<u8>, Lost>, Unseen> {
        let record = showing.record.as_ref().map_err(Clone::clone)?;
        let guard = Guard { client: showing.client.clone(), epoch: permit.grant().epoch };
        for ground in &permit.grant().grounds {
            self.metrics.decided(ground.basis.as_str(), "permit");
        }
        let alarm = Alarm::of(permit.grant());
        let grounds = permit.grant().grounds.iter().map(Into::into).collect();
        let categories = permit.grant().categories;
        let (permitted, withheld) = permit.project(record, showing.schema);
        if showing.whole && !withheld.is_empty() {
            return self.log_refusal(showing, now, NOT_WHOLE, Some(guard)).await;
        }
        let mut fields = permitted.content().present();
        // What may go and the form has no place for is not shown, and so not logged as shown.
        fields.retain(|field| {
            showing.asked.as_ref().is_none_or(|asked| asked.binary_search(field).is_ok())
        });
        let shown = permitted.translate(form)?;
        let intent = Entry {
            fields: showing.paths(&fields),
            withheld: showing.paths(&withheld),
            lossy: shown.content().lossy.clone(),
            categories,
            grounds,
            ..showing.entry(Phase::Intent, now)
        };
        if let Err(lost) = self.log(intent, Some(guard)).await? {
            return Ok(Err(lost));
        }
        if let Some(alarm) = alarm {
            alarm.raise(&self.metrics, &showing.reader.system);
        }
        let (Shown { body, .. }, _) = shown.release();
        let delivered = Some("delivered".into());
        let outcome = Entry { result: delivered, ..showing.entry(Phase::Outcome, now) };
        let _ = self.log(outcome, None).await?;
        Ok(Ok(body))
    }

    async fn refuse(
        &self,
        showing: &Showing<'_>,
        now: Timestamp,
        refusal: &Refusal,
    ) -> Result<Result<Vec<u8>, Lost>, Unseen> {
        let result = match refusal.decision.outcome {
            Outcome::Deny(reason) => reason.as_str(),
            _ => "no-basis",
        };
        let client = showing.client.clone();
        let guard = refusal.epoch.map(|epoch| Guard { client, epoch });
        self.log_refusal(showing, now, result, guard).await
    }

    async fn log_refusal(
        &self,
        showing: &Showing<'_>,
        now: Timestamp,
        result: &str,
        guard: Option<Guard>,
    ) -> Result<Result<Vec<u8>, Lost>, Unseen> {
        self.metrics.decided("none", "deny");
        let refused = Entry { result: Some(result.into()), ..showing.entry(Phase::Refusal, now) };
        match self.log(refused, guard).await? {
            Ok(()) => Err(Unseen::Nothing),
            Err(lost) => Ok(Err(lost)),
        }
    }

    /// Writes an entry of the log that belongs to no delivery.
    async fn log(&self, entry: Entry, guard: Option<Guard>) -> Result<Result<(), Lost>, Error> {
        let advance = Advance {
            delivery: None,
            to: State::Delivered,
            due: entry.at,
            attempts: 1,
            cause: None,
            entry: Some(entry),
            guard,
            fence: None,
        };
        self.journal.write(advance).await
    }
}

impl Showing<'_> {
    fn request(&self, now: Timestamp) -> Request<'_> {
        let record = self.record.as_ref().ok();
        let age = record.and_then(|record| attested::age(record, self.schema, now));
        Request {
            subject: Some(self.client),
            controller: self.controller,
            source: Some(self.source),
            recipient: &self.reader.recipient,
            purpose: self.purpose,
            kind: self.kind,
            service: None,
            // What is read is of many documents; it states no reason and names no mandate.
            attested: Attested { age, ..Attested::default() },
            now,
        }
    }

    fn entry(&self, phase: Phase, now: Timestamp) -> Entry {
        Entry {
            phase,
            at: now,
            client: Some(self.client.clone()),
            message: None,
            delivery: None,
            source: self.from.clone(),
            recipient: self.reader.system.clone(),
            purpose: self.purpose.clone(),
            kind: self.kind.clone(),
            generation: self.region.generation.clone(),
            attempt: 1,
            shown: Some(self.id),
            fields: Vec::new(),
            withheld: Vec::new(),
            lossy: Vec::new(),
            categories: Categories::NONE,
            grounds: Vec::new(),
            result: None,
        }
    }

    fn paths(&self, fields: &[FieldId]) -> Vec<String> {
        fields.iter().map(|field| self.schema.field(*field).path.clone()).collect()
    }
}
