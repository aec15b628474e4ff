//! That a person looked is recorded before she is shown anything: the use log (käyttöloki).

use luotsi_journal::{Entry, Error, Phase, command::Used, read};
use luotsi_model::{Categories, ClientRef, Kind, MessageId, Purpose, SystemId};

use crate::Flow;

/// What a use is for: the hub's own operation, which is no purpose of a region.
const PURPOSE: &str = "operations";
/// The kind of what is looked at that is no record: the hub's own books about a client.
const BOOKS: &str = "client-books";
/// Where that comes from.
const HUB: &str = "luotsi";

/// What was asked for.
#[derive(Clone, Debug)]
pub enum Asked {
    /// The report about a client.
    Report(ClientRef),
    /// What a client has directed.
    Directives(ClientRef),
    /// The journey of a message.
    Trace(MessageId),
    /// A person has recorded a directive, which is that message.
    DirectiveRecorded(MessageId),
    /// A person has seen to a recall about a client.
    RecallSettled(ClientRef),
    /// A person has the notice of a recall about a client made again.
    RecallAgain(ClientRef),
    /// Why a message may or may not go to a system.
    Why(MessageId),
    /// That a client's payloads be erased.
    Erasure(ClientRef),
}

impl Asked {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Report(_) => "report",
            Self::Directives(_) => "directives",
            Self::Trace(_) => "trace",
            Self::Why(_) => "why",
            Self::DirectiveRecorded(_) => "directive-recorded",
            Self::RecallSettled(_) => "recall-settled",
            Self::RecallAgain(_) => "recall-again",
            Self::Erasure(_) => "erasure",
        }
    }
}

impl Flow {
    /// Records that `who` asked. Returns when it is durable; nothing may be shown before, nor when
    /// it fails. A message that there is not tells nothing, and leaves no entry.
    ///
    /// # Errors
    /// When the journal cannot be read or written.
    pub async fn used(&self, who: &SystemId, asked: &Asked) -> Result<(), Error> {
        let entry = match asked {
            Asked::Report(client)
            | Asked::Directives(client)
            | Asked::Erasure(client)
            | Asked::RecallSettled(client)
            | Asked::RecallAgain(client) => {
                let client = Some(client.clone());
                Entry { client, ..self.use_of(who, asked) }
            }
            Asked::Trace(id) | Asked::Why(id) | Asked::DirectiveRecorded(id) => {
                let id = *id;
                let Some(found) = self.journal.read(move |c| read::message(c, id)).await? else {
                    return Ok(());
                };
                Entry {
                    client: found.envelope.subject,
                    message: Some(id),
                    source: found.envelope.source,
                    kind: found.envelope.kind,
                    ..self.use_of(who, asked)
                }
            }
        };
        self.journal.write(Used(entry)).await
    }

    pub(crate) fn use_of(&self, who: &SystemId, asked: &Asked) -> Entry {
        Entry {
            phase: Phase::Use,
            at: self.clock.now(),
            client: None,
            message: None,
            delivery: None,
            source: SystemId::new(HUB),
            recipient: who.clone(),
            purpose: Purpose::new(PURPOSE),
            kind: Kind::new(BOOKS),
            generation: self.region().generation.clone(),
            attempt: 1,
            shown: None,
            fields: Vec::new(),
            withheld: Vec::new(),
            lossy: Vec::new(),
            categories: Categories::NONE,
            grounds: Vec::new(),
            result: Some(asked.as_str().into()),
        }
    }
}
