//! Messages, moves and entries to try a journal with.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use luotsi_consent::{Directive, Effect as Says, Period, Provision, Standing};
use luotsi_journal::{
    Accounting, Entry, Journal, Key, Masters, Phase, State,
    command::{Accept, Accepted, Advance, DirectiveChange, Effect, Guard, NewDelivery},
    read::{self, Delivery},
};
use luotsi_model::{
    Categories, ClientRef, DeliveryId, DirectiveId, Envelope, GenerationId, Kind, MessageId,
    OrganisationId, Purpose, SystemId,
};

pub(crate) const AINO: &str = "c-aino";
pub(crate) const EINO: &str = "c-eino";

/// Master keys, each of one byte repeated, the current one first.
pub(crate) fn masters(bytes: &[u8]) -> Masters {
    let keys: Vec<_> = bytes.iter().map(|byte| Key::new([*byte; 32])).collect();
    Masters::new(&keys[0], &keys[1..]).expect("keys")
}

/// So many seconds after everything began.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000) + SignedDuration::from_secs(seconds)
}

/// The id of the delivery to the `index`th destination of message `n`.
pub(crate) fn delivery_id(n: u8, index: usize) -> DeliveryId {
    DeliveryId(uuid::Uuid::from_u128(u128::from(n) << 64 | (index as u128 + 1)))
}

pub(crate) fn message_id(n: u8) -> MessageId {
    MessageId(uuid::Uuid::from_u128(u128::from(n) << 64))
}

/// Message `n` about a client, accepted at second `n`, which may wait a hundred.
pub(crate) fn message(n: u8, client: &str, to: &[&str]) -> Accept {
    let deliveries = to.iter().enumerate().map(|(index, system)| NewDelivery {
        id: delivery_id(n, index),
        destination: SystemId::new(system),
        purpose: Purpose::new("care"),
        deadline: at(i64::from(n) + 100),
    });
    Accept {
        envelope: envelope(n, client),
        reference: Some(format!("L-{n}")),
        record: format!(r#"{{"need":"{n}"}}"#).into_bytes(),
        accounting: Accounting { mapped: 1, routes: vec!["care".into()], ..Accounting::default() },
        deliveries: deliveries.collect(),
        idempotency: None,
        effect: Effect::None,
    }
}

fn envelope(n: u8, client: &str) -> Envelope {
    Envelope {
        id: message_id(n),
        kind: Kind::new("referral"),
        source: SystemId::new("serena"),
        controller: OrganisationId::new("mallikunta"),
        subject: Some(ClientRef::new(client)),
        service: None,
        answers: None,
        replays: None,
        received: at(i64::from(n)),
        generation: GenerationId::new("g"),
        traceparent: None,
    }
}

/// A message that changes directives.
pub(crate) fn directing(n: u8, client: &str, change: DirectiveChange) -> Accept {
    Accept { effect: Effect::Directive(change), ..message(n, client, &[]) }
}

pub(crate) fn consent(id: &str, client: &str) -> DirectiveChange {
    let root = Provision {
        effect: Says::Permit,
        period: Period::default(),
        recipients: Vec::new(),
        purposes: Vec::new(),
        kinds: Vec::new(),
        services: Vec::new(),
        documents: Vec::new(),
        categories: Categories::NONE,
    };
    DirectiveChange::Put(Box::new(Directive {
        id: DirectiveId::new(id),
        version: 1,
        subject: ClientRef::new(client),
        standing: Standing::Active,
        given: at(0),
        recorder: SystemId::new("serena"),
        instrument: luotsi_consent::Instrument::Will,
        given_by: luotsi_consent::GivenBy::Client,
        root,
        exceptions: Vec::new(),
    }))
}

pub(crate) fn withdrawal(id: &str) -> DirectiveChange {
    DirectiveChange::Withdraw(DirectiveId::new(id))
}

/// Accepts what must be accepted.
pub(crate) async fn accept(journal: &Journal, message: Accept) -> Accepted {
    journal.write(message).await.expect("durable").expect("accepted")
}

/// A move of a delivery with its entry in the log.
pub(crate) fn advance(delivery: &Delivery, to: State, phase: Phase, second: i64) -> Advance {
    Advance {
        delivery: Some(delivery.seq),
        to,
        due: at(second),
        attempts: delivery.attempts + u32::from(phase == Phase::Outcome),
        cause: None,
        entry: Some(entry(delivery, phase, second)),
        guard: None,
        fence: None,
    }
}

pub(crate) fn entry(delivery: &Delivery, phase: Phase, second: i64) -> Entry {
    Entry {
        phase,
        at: at(second),
        client: delivery.subject.clone(),
        message: Some(message_id((delivery.id.0.as_u128() >> 64) as u8)),
        delivery: Some(delivery.id),
        source: SystemId::new("serena"),
        recipient: delivery.destination.clone(),
        purpose: delivery.purpose.clone(),
        kind: Kind::new("referral"),
        generation: GenerationId::new("g"),
        attempt: delivery.attempts + 1,
        shown: None,
        fields: Vec::new(),
        withheld: Vec::new(),
        lossy: Vec::new(),
        categories: Categories::NONE,
        grounds: Vec::new(),
        result: (phase != Phase::Intent).then(|| "said".into()),
    }
}

pub(crate) fn guard(client: &str, epoch: u64) -> Option<Guard> {
    Some(Guard { client: ClientRef::new(client), epoch })
}

pub(crate) fn delivery(journal: &Journal, id: DeliveryId) -> Delivery {
    journal.read_now(|c| read::delivery(c, id)).expect("readable").expect("there")
}

/// Makes the intent of a delivery durable, as the journal finds it.
pub(crate) async fn send(journal: &Journal, id: DeliveryId, second: i64) {
    let intent = advance(&delivery(journal, id), State::Sending, Phase::Intent, second);
    journal.write(intent).await.expect("durable").expect("moved");
}

/// Records the outcome of a send.
pub(crate) async fn conclude(journal: &Journal, id: DeliveryId, to: State, second: i64) {
    let outcome = advance(&delivery(journal, id), to, Phase::Outcome, second);
    journal.write(outcome).await.expect("durable").expect("moved");
}

/// Everything that can be asked of the journal, to see that nothing has changed.
pub(crate) fn everything(journal: &Journal) -> BTreeMap<String, String> {
    let ask = |c: &_| {
        let mut all = BTreeMap::new();
        for message in read::messages_after(c, 0, 10_000)? {
            let (seq, id) = (message.seq, message.envelope.id);
            all.insert(format!("message {id}"), format!("{message:?}"));
            all.insert(format!("deliveries {id}"), format!("{:?}", read::of_message(c, seq)?));
            all.insert(format!("trail {id}"), format!("{:?}", read::trail(c, seq)?));
        }
        for client in [AINO, EINO].map(ClientRef::new) {
            let report = read::of_client(c, &client, Timestamp::MIN, Timestamp::MAX)?;
            all.insert(format!("report {client}"), format!("{report:?}"));
            let directives = read::directives(c, &client)?;
            all.insert(format!("directives {client}"), format!("{directives:?}"));
            all.insert(format!("plan {client}"), format!("{:?}", read::plan_of(c, &client)?));
        }
        Ok(all)
    };
    journal.read_now(ask).expect("readable")
}

/// Takes back all that came after the first version of the schema.
pub(crate) const TO_VERSION_1: &str = "
    drop index delivery_held; drop index delivery_held_subject; drop index delivery_untold; drop index delivery_untold_of;
    alter table delivery drop column tell; alter table delivery drop column told;
    drop table recall; drop table reconsider; drop index delivery_dead_subject;
    drop table node; drop table lane; drop table outbox;
    drop table directive_ref; drop table leaf; drop table tree; drop table checkpoint;
    drop table client_key; drop table master; drop table erasure;
    pragma user_version = 1";

/// Takes a journal back to before payloads were sealed.
pub(crate) const TO_VERSION_4: &str = "
    drop index delivery_held; drop index delivery_held_subject;
    drop table recall; drop table reconsider; drop index delivery_dead_subject;
    drop table node; drop table lane; drop table outbox; drop table client_key; drop table master; drop table erasure;
    pragma user_version = 4";
