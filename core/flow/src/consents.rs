//! Directives shown as FHIR `Consent`, to the system that recorded them and to no other. Each is a
//! send: under a permit of its own, its intent durable before the caller gets a byte.

use luotsi_journal::read::{self, History};
use luotsi_model::{Hetu, Kind, Record, Schema, SystemId};
use luotsi_region::{Connection, Read, Region};
use uuid::Uuid;

use crate::{
    Flow,
    disclose::{Showing, Shown, Unseen},
    fhir, intake,
};

/// The record kind of directives.
const KIND: &str = "directive";

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
        let _pass = self.pass().await;
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
        let mut record = Record::new(sight.schema);
        intake::set_directive(&mut record, sight.schema, latest);
        let showing = Showing {
            region: sight.region,
            reader: sight.connection,
            client: &latest.subject,
            id: history.id,
            controller: &sight.connection.recipient.controller,
            source: &sight.connection.recipient,
            from: sight.connection.system.clone(),
            purpose: &sight.read.purpose,
            kind: &sight.kind,
            schema: sight.schema,
            record: Ok(record),
            asked: None,
            // A part of a consent is another consent.
            whole: true,
        };
        let form = |_| {
            let consent = fhir::write(latest, history.id).ok_or(Unseen::Nothing)?;
            Ok(Shown { body: consent.to_string().into_bytes(), lossy: Vec::new() })
        };
        let body = self.disclose(&showing, form);
        Ok(ConsentSeen { id: history.id, version: latest.version, body: body.await? })
    }
}

fn sight<'r>(region: &'r Region, reader: &SystemId) -> Option<Sight<'r>> {
    let connection = region.connection(reader)?;
    let read = connection.read.as_ref().filter(|read| read.directives)?;
    let kind = Kind::new(KIND);
    let schema = region.schema(&kind)?;
    Some(Sight { region, connection, read, schema, kind })
}
