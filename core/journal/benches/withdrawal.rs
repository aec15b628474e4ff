//! What a withdrawal costs when all that was ever disclosed about the client rested on it: 1,000
//! deliveries found in the log and noted as recalls, committed and synced.

#![expect(clippy::unwrap_used, reason = "a benchmark stops where its ground gives way")]

use divan::Bencher;
use jiff::Timestamp;
use luotsi_consent::{Directive, Effect as Says, GivenBy, Instrument, Provision, Standing};
use luotsi_journal::{
    Accounting, Entry, GroundEntry, Journal, Key, Masters, Phase, State,
    command::{Accept, Advance, DirectiveChange, Effect, NewDelivery},
};
use luotsi_model::{
    Categories, ClientRef, DeliveryId, DirectiveId, Envelope, GenerationId, Kind, MessageId,
    OrganisationId, Purpose, SystemId,
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

const DISCLOSURES: u128 = 1_000;

fn main() {
    divan::main();
}

struct Told {
    _folder: TempDir,
    journal: Journal,
    runtime: Runtime,
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn of_a_thousand_disclosures(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(told).bench_local_values(|told| {
        let withdraw = DirectiveChange::Withdraw(DirectiveId::new("S-1"));
        told.runtime.block_on(told.journal.write(message(1 << 70, withdraw))).unwrap().unwrap();
        told
    });
}

/// A journal in which a client has consented, and everything has been delivered on that.
fn told() -> Told {
    let folder = TempDir::new().unwrap();
    let masters = Masters::new(&Key::new([7; 32]), &[]).unwrap();
    let journal = Journal::open(&folder.path().join("bench.db"), masters).unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let give = DirectiveChange::Put(Box::new(consent()));
        journal.write(message(1 << 71, give)).await.unwrap().unwrap();
        let all = (1..=DISCLOSURES).map(|n| deliver(&journal, n));
        futures::future::join_all(all).await;
    });
    Told { _folder: folder, journal, runtime }
}

async fn deliver(journal: &Journal, n: u128) {
    let id = DeliveryId(Uuid::from_u128(n << 64));
    let new = NewDelivery {
        id,
        destination: SystemId::new("malli-ry"),
        purpose: Purpose::new("peer-support"),
        deadline: Timestamp::UNIX_EPOCH,
    };
    let accept = Accept { effect: Effect::None, deliveries: vec![new], ..message(n, withdrawn()) };
    let seq = journal.write(accept).await.unwrap().unwrap().deliveries[0];
    for (to, phase) in [(State::Sending, Phase::Intent), (State::Delivered, Phase::Outcome)] {
        let advance = Advance {
            delivery: Some(seq),
            to,
            due: Timestamp::UNIX_EPOCH,
            attempts: 1,
            cause: None,
            entry: Some(entry(n, id, phase)),
            guard: None,
            fence: None,
        };
        journal.write(advance).await.unwrap().unwrap();
    }
}

fn withdrawn() -> DirectiveChange {
    DirectiveChange::Withdraw(DirectiveId::new("S-1"))
}

fn message(n: u128, change: DirectiveChange) -> Accept {
    Accept {
        envelope: Envelope {
            id: MessageId(Uuid::from_u128(n)),
            kind: Kind::new("referral"),
            source: SystemId::new("serena"),
            controller: OrganisationId::new("mallikunta"),
            subject: Some(ClientRef::new("c-0")),
            service: None,
            answers: None,
            replays: None,
            received: Timestamp::UNIX_EPOCH,
            generation: GenerationId::new("g"),
            traceparent: None,
        },
        reference: None,
        record: b"{}".to_vec(),
        accounting: Accounting::default(),
        deliveries: Vec::new(),
        idempotency: None,
        effect: Effect::Directive(change),
    }
}

fn consent() -> Directive {
    Directive {
        id: DirectiveId::new("S-1"),
        version: 1,
        subject: ClientRef::new("c-0"),
        standing: Standing::Active,
        given: Timestamp::UNIX_EPOCH,
        recorder: SystemId::new("serena"),
        instrument: Instrument::Will,
        given_by: GivenBy::Client,
        root: Provision::everything(Says::Permit),
        exceptions: Vec::new(),
    }
}

fn entry(n: u128, delivery: DeliveryId, phase: Phase) -> Entry {
    let is_intent = phase == Phase::Intent;
    let ground = GroundEntry {
        basis: "consent".into(),
        rule: "third sector by consent".into(),
        directive: Some("S-1".into()),
        version: Some(1),
        reason: None,
        categories: Categories::ALL,
    };
    let fields = (0..20).filter(|_| is_intent).map(|n| format!("client.field-{n}"));
    Entry {
        phase,
        at: Timestamp::UNIX_EPOCH,
        client: Some(ClientRef::new("c-0")),
        message: Some(MessageId(Uuid::from_u128(n))),
        delivery: Some(delivery),
        source: SystemId::new("serena"),
        recipient: SystemId::new("malli-ry"),
        purpose: Purpose::new("peer-support"),
        kind: Kind::new("referral"),
        generation: GenerationId::new("g"),
        attempt: 1,
        shown: None,
        fields: fields.collect(),
        withheld: Vec::new(),
        lossy: Vec::new(),
        categories: Categories::ALL,
        grounds: if is_intent { vec![ground] } else { Vec::new() },
        result: (!is_intent).then(|| "delivered".into()),
    }
}
