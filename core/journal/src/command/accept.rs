//! Takes a message in: the record, its deliveries, and what it changes, all or nothing.

use jiff::Timestamp;
use luotsi_model::{
    DeliveryId, Envelope, MessageId, Purpose, SystemId,
    task::{Illegal, Party, Status},
};
use uuid::Uuid;

use super::{
    Command,
    direct::{self, DirectiveChange, DirectiveWritten},
    keep::{self, Kept},
    recall, repeat,
};
use crate::{
    Accounting, Error, State,
    command::plan,
    engine::{Connection, params},
    session::Session,
};

/// A message to take in.
pub struct Accept {
    /// Its header.
    pub envelope: Envelope,
    /// The sender's own reference to it.
    pub reference: Option<String>,
    /// The record in its stored form.
    pub record: Vec<u8>,
    /// How the input was accounted for.
    pub accounting: Accounting,
    /// Where it goes.
    pub deliveries: Vec<NewDelivery>,
    /// The digests of the sender's `Idempotency-Key` and of the body.
    pub idempotency: Option<Digests>,
    /// What it changes beside being kept.
    pub effect: Effect,
}

/// SHA-256 of the key and of the body it came with.
pub struct Digests {
    /// Of the key.
    pub key: [u8; 32],
    /// Of the body.
    pub body: [u8; 32],
}

/// One delivery to make.
pub struct NewDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// Whereto.
    pub destination: SystemId,
    /// What for.
    pub purpose: Purpose,
    /// Until when it may wait for a basis.
    pub deadline: Timestamp,
}

/// What a message changes beside being kept.
pub enum Effect {
    /// Nothing.
    None,
    /// The client's directives.
    Directive(DirectiveChange),
    /// The task of the delivery it answers.
    Answer {
        /// The delivery.
        delivery: DeliveryId,
        /// The new status.
        to: Status,
    },
    /// The client's plan, whole.
    Plan(plan::PutPlan),
    /// The sender of a refused delivery is told by this message. What was told before is told: then
    /// nothing is taken in, and the reply names the message that told it.
    Told {
        /// The delivery.
        delivery: DeliveryId,
    },
    /// It is the notice of a recall, and has one delivery.
    Recall {
        /// The recall.
        id: Uuid,
        /// Until when the recipient has to acknowledge it.
        deadline: Timestamp,
    },
}

/// What was taken in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// The message, or the earlier one with the same idempotency key.
    pub message: MessageId,
    /// Its place; `None` when it was there already.
    pub seq: Option<i64>,
    /// The places of its deliveries, in the order given.
    pub deliveries: Vec<i64>,
    /// Of each the place of the last one before it that is to go to the same system about the same client,
    /// if there is one; asked on a journal that several hubs share, where one of another hub may be. What
    /// was taken in together does not count.
    pub after: Vec<Option<i64>>,
    /// How many there are, also of the earlier one.
    pub count: usize,
    /// Sends about the client that were under way when her directives changed.
    pub in_flight: u32,
    /// The plan's new version, when it was one.
    pub plan: Option<plan::PlanWritten>,
    /// The directive's new version, when it was one.
    pub directive: Option<DirectiveWritten>,
}

impl Accepted {
    /// What was taken in before, as that message.
    pub(super) const fn before(message: MessageId) -> Self {
        Self {
            message,
            seq: None,
            deliveries: Vec::new(),
            after: Vec::new(),
            count: 0,
            in_flight: 0,
            plan: None,
            directive: None,
        }
    }
}

/// Why a message was not taken in; nothing was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rejected {
    /// The key was used with another body.
    KeyReused,
    /// The task cannot take that step.
    Illegal(Illegal),
    /// The client has no directive of that id.
    UnknownDirective,
    /// The directive is at this other version.
    DirectiveVersion(u32),
    /// The plan is at another version.
    PlanVersion(plan::Stale),
    /// The recall's notice has been made, or is no longer owed.
    NotOwed,
}

impl Command for Accept {
    type Reply = Result<Accepted, Rejected>;

    fn apply(&self, connection: &Session) -> Result<Self::Reply, Error> {
        let source = &self.envelope.source;
        if let Some(digests) = &self.idempotency
            && let Some(earlier) = repeat::earlier(connection, source, digests)?
        {
            return Ok(earlier.map(|mut accepted| accepted.remove(0)));
        }
        let taken = self.take(connection)?;
        if let (Ok(accepted), Some(digests)) = (&taken, &self.idempotency) {
            let at = self.envelope.received;
            repeat::remember(connection, source, digests, std::slice::from_ref(accepted), at)?;
        }
        Ok(taken)
    }

    fn apply_all(commands: &[&Self], connection: &Session) -> Result<Vec<Self::Reply>, Error> {
        let plain: Vec<&Self> = commands.iter().copied().filter(|one| one.is_plain()).collect();
        let mut kept = keep::all(connection, &plain)?.into_iter();
        let reply = |one: &&Self| match one.is_plain().then(|| kept.next()).flatten() {
            Some(kept) => Ok(Ok(one.accepted(kept, &Changed::default()))),
            None => one.apply(connection),
        };
        commands.iter().map(reply).collect()
    }
}

impl Accept {
    /// Takes it in, whatever was under its key. A refusal has written nothing.
    pub(super) fn take(&self, connection: &Session) -> Result<Result<Accepted, Rejected>, Error> {
        if let Some(message) = self.told(connection)? {
            return Ok(Ok(Accepted::before(message)));
        }
        let changed = match self.change(connection)? {
            Ok(changed) => changed,
            Err(rejected) => return Ok(Err(rejected)),
        };
        let Some(kept) = keep::all(connection, &[self])?.pop() else {
            return Err(Error::Storage("a message was not kept".into()));
        };
        self.settle_original(connection)?;
        if let (Effect::Recall { id, deadline }, [notice]) = (&self.effect, &kept.deliveries[..]) {
            recall::sent(connection, *id, *notice, *deadline)?;
        }
        Ok(Ok(self.accepted(kept, &changed)))
    }

    /// Whether all there is to do is to keep it.
    const fn is_plain(&self) -> bool {
        let changes = !matches!(self.effect, Effect::None) || self.envelope.replays.is_some();
        self.idempotency.is_none() && !changes
    }

    fn accepted(&self, kept: Kept, changed: &Changed) -> Accepted {
        let Kept { seq, deliveries, after } = kept;
        let Changed { in_flight, plan, directive } = *changed;
        Accepted {
            message: self.envelope.id,
            seq: Some(seq),
            count: deliveries.len(),
            deliveries,
            after,
            in_flight,
            plan,
            directive,
        }
    }
}

/// What became of a message's effect.
#[derive(Default)]
struct Changed {
    in_flight: u32,
    plan: Option<plan::PlanWritten>,
    directive: Option<DirectiveWritten>,
}

impl Accept {
    /// The message that told the sender already what this one would.
    fn told(&self, connection: &Connection) -> Result<Option<MessageId>, Error> {
        let Effect::Told { delivery } = &self.effect else { return Ok(None) };
        let told: Option<[u8; 16]> = connection.one(
            "select told from delivery where id = ?1",
            params![delivery.0.as_bytes()],
            |row| row.get(0),
        )?;
        Ok(told.map(|id| MessageId(Uuid::from_bytes(id))))
    }

    fn change(&self, connection: &Session) -> Result<Result<Changed, Rejected>, Error> {
        match &self.effect {
            Effect::None => Ok(Ok(Changed::default())),
            Effect::Directive(change) => {
                let done = direct::apply(connection, &self.envelope, change)?;
                Ok(done.map(|(in_flight, written)| Changed {
                    in_flight,
                    directive: Some(written),
                    ..Changed::default()
                }))
            }
            Effect::Answer { delivery, to } => {
                Ok(step(connection, *delivery, *to)?.map(|()| Changed::default()))
            }
            Effect::Told { delivery } => {
                connection.execute(
                    "update delivery set told = ?2 where id = ?1",
                    params![delivery.0.as_bytes(), self.envelope.id.0.as_bytes()],
                )?;
                Ok(Ok(Changed::default()))
            }
            Effect::Plan(put) => Ok(match put.apply(connection)? {
                Ok(written) => Ok(Changed { plan: Some(written), ..Changed::default() }),
                Err(stale) => Err(Rejected::PlanVersion(stale)),
            }),
            Effect::Recall { id, .. } => Ok(if recall::is_owed(connection, *id)? {
                Ok(Changed::default())
            } else {
                Err(Rejected::NotOwed)
            }),
        }
    }

    /// A replay settles the dead letters and held deliveries of its original to the systems it goes to.
    fn settle_original(&self, connection: &Connection) -> Result<(), Error> {
        let Some(original) = self.envelope.replays else { return Ok(()) };
        for new in &self.deliveries {
            connection.execute(
                "update delivery set state = ?1, cause = ?2
             where message = (select seq from message where id = ?3)
               and destination = ?4 and state in (12, 15)",
                params![
                    State::Replayed,
                    format!("replayed as {}", self.envelope.id),
                    original.0.as_bytes(),
                    new.destination.as_str(),
                ],
            )?;
        }
        Ok(())
    }
}

/// Moves the task of a delivery.
fn step(
    connection: &Connection,
    delivery: DeliveryId,
    to: Status,
) -> Result<Result<(), Rejected>, Error> {
    let (seq, task): (i64, String) = connection.one(
        "select seq, task from delivery where id = ?1",
        params![delivery.0.as_bytes()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let from: Status = task.parse().map_err(|_| Error::Row {
        table: "delivery",
        why: "the task status is none that this hub knows".into(),
    })?;
    if let Err(illegal) = from.step(to, Party::Target) {
        return Ok(Err(Rejected::Illegal(illegal)));
    }
    connection
        .execute("update delivery set task = ?1 where seq = ?2", params![to.as_str(), seq])?;
    recall::answered(connection, seq, to)?;
    Ok(Ok(()))
}
