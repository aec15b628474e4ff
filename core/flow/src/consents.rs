//! Directives shown as FHIR `Consent`, to the system that recorded them and to no other. Each is a
//! send: under a permit of its own, its intent durable before the caller gets a byte.

use luotsi_consent::{Attested, Outcome, Permit, Request};
use luotsi_journal::{
    Entry, Phase,
    command::{Guard, Lost},
    read::{self, History},
};
use luotsi_model::{Categories, Hetu, Kind, Record, Schema, SystemId};
use luotsi_region::{Connection, Read, Region};
use uuid::Uuid;

use crate::{Flow, Unseen, fhir, intake};

/// The record kind of directives.
const KIND: &str = "directive";
/// The result of a read whose terms the policy lets through in part: a consent is shown whole or
/// not at all.
const NOT_WHOLE: &str = "not-covered";

/// Which directives.
#[derive(Clone, Debug)]
pub enum ConsentRead {
    /// By its opaque id.
    Id(Uuid),
    /// All of a client.
    Client(Hetu),
}

/// A directive, as its recorder may see it.
#[derive(Debug)]
pub struct ConsentSeen {
    /// Its opaque id.
    pub id: Uuid,
    /// Its version.
    pub version: u32,
    /// The `Consent`, in JSON.
    pub body: Vec<u8>,
}

/// A reader's view: who it is and what for.
struct Sight<'r> {
    region: &'r Region,
    connection: &'r Connection,
    read: &'r Read,
    schema: &'r Schema,
    kind: Kind,
}

impl Flow {
    /// Shows directives to the system that recorded them. Whether one is missing, another's or
    /// denied is not told: it is left out.
    ///
    /// # Errors
    /// When the journal cannot be read, or the intent cannot be made durable.
    pub async fn read_consents(
        &self,
        reader: &SystemId,
        which: &ConsentRead,
    ) -> Result<Vec<ConsentSeen>, luotsi_journal::Error> {
        let region = self.region();
        let Some(sight) = sight(&region, reader) else { return Ok(Vec::new()) };
        let mut seen = Vec::new();
        for history in self.find_consents(which).await? {
            if history.author() != Some(reader) {
                continue;
            }
            match self.show_consent(&sight, &history).await {
                Ok(shown) => seen.push(shown),
                Err(Unseen::Nothing) => {}
                Err(Unseen::Journal(error)) => return Err(error),
            }
        }
        Ok(seen)
    }

    async fn find_consents(
        &self,
        which: &ConsentRead,
    ) -> Result<Vec<History>, luotsi_journal::Error> {
        match which {
            ConsentRead::Id(id) => {
                let id = *id;
                let found = self.journal.read(move |c| read::directive_by_id(c, id)).await?;
                Ok(found.into_iter().collect())
            }
            ConsentRead::Client(hetu) => {
                let client = self.clients.reference(hetu);
                self.journal.read(move |c| read::histories(c, &client)).await
            }
        }
    }

    async fn show_consent(
        &self,
        sight: &Sight<'_>,
        history: &History,
    ) -> Result<ConsentSeen, Unseen> {
        let latest = history.latest().ok_or(Unseen::Nothing)?;
        loop {
            let now = self.clock.now();
            let request = Request {
                subject: Some(&latest.subject),
                controller: &sight.connection.recipient.controller,
                source: Some(&sight.connection.recipient),
                recipient: &sight.connection.recipient,
                purpose: &sight.read.purpose,
                kind: &sight.kind,
                service: None,
                attested: Attested::default(),
                now,
            };
            let entry = sight.entry(latest.subject.clone(), now);
            let permit = self.gate.permit(&request, &sight.region.policy).await;
            let shown = match permit {
                Ok(permit) => self.disclose(sight, history, entry, permit).await?,
                Err(refusal) => {
                    let result = match refusal.decision.outcome {
                        Outcome::Deny(reason) => reason.as_str(),
                        _ => "no-basis",
                    };
                    let client = latest.subject.clone();
                    let guard = refusal.epoch.map(|epoch| Guard { client, epoch });
                    self.refuse(entry, result, guard).await?
                }
            };
            match shown {
                Ok(seen) => return Ok(seen),
                Err(Lost::Stale) => self.gate.forget(&latest.subject),
                Err(Lost::Elsewhere) => return Err(Unseen::Nothing),
            }
        }
    }

    async fn refuse<T>(
        &self,
        entry: Entry,
        result: &str,
        guard: Option<Guard>,
    ) -> Result<Result<T, Lost>, Unseen> {
        self.metrics.decided("none", "deny");
        let refused = Entry { phase: Phase::Refusal, result: Some(result.into()), ..entry };
        match self.log(refused, guard).await? {
            Ok(()) => Err(Unseen::Nothing),
            Err(lost) => Ok(Err(lost)),
        }
    }

    /// Builds the consent of permitted fields, makes the intent durable, and gives the bytes.
    async fn disclose(
        &self,
        sight: &Sight<'_>,
        history: &History,
        entry: Entry,
        permit: Permit,
    ) -> Result<Result<ConsentSeen, Lost>, Unseen> {
        let latest = history.latest().ok_or(Unseen::Nothing)?;
        let mut record = Record::new(sight.schema);
        intake::set_directive(&mut record, sight.schema, latest);
        let guard = Guard { client: latest.subject.clone(), epoch: permit.grant().epoch };
        let grounds = permit.grant().grounds.iter().map(Into::into).collect();
        let categories = permit.grant().categories;
        let (permitted, withheld) = permit.project(&record, sight.schema);
        if !withheld.is_empty() {
            return self.refuse(entry, NOT_WHOLE, Some(guard)).await;
        }
        let fields = permitted.content().present();
        let fields = fields.iter().map(|field| sight.schema.field(*field).path.clone()).collect();
        let consent = |_| fhir::write(latest, history.id).ok_or(Unseen::Nothing);
        let shown = permitted.translate(consent)?;
        let intent = Entry { fields, categories, grounds, ..entry };
        let outcome = intent.outcome(self.clock.now(), "delivered");
        if let Err(lost) = self.log(intent, Some(guard)).await? {
            return Ok(Err(lost));
        }
        let (body, _) = shown.release();
        let _ = self.log(outcome, None).await?;
        let (id, version) = (history.id, latest.version);
        Ok(Ok(ConsentSeen { id, version, body: body.to_string().into_bytes() }))
    }
}

fn sight<'r>(region: &'r Region, reader: &SystemId) -> Option<Sight<'r>> {
    let connection = region.connection(reader)?;
    let read = connection.read.as_ref().filter(|read| read.directives)?;
    let kind = Kind::new(KIND);
    let schema = region.schema(&kind)?;
    Some(Sight { region, connection, read, schema, kind })
}

impl Sight<'_> {
    fn entry(&self, client: luotsi_model::ClientRef, now: jiff::Timestamp) -> Entry {
        Entry {
            phase: Phase::Intent,
            at: now,
            client: Some(client),
            message: None,
            delivery: None,
            source: self.connection.system.clone(),
            recipient: self.connection.system.clone(),
            purpose: self.read.purpose.clone(),
            kind: self.kind.clone(),
            generation: self.region.generation.clone(),
            attempt: 1,
            fields: Vec::new(),
            withheld: Vec::new(),
            categories: Categories::NONE,
            grounds: Vec::new(),
            result: None,
        }
    }
}
