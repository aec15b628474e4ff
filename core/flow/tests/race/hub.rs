//! The model's steps, taken with the journal's own commands and the gate's own decision.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use luotsi_consent::{
    Attested, Basis, Directive, Directives, Effect as Says, GivenBy, Instrument, Outcome, Permit,
    Policy, Provision, Recipient, Refusal, Request, Rule, Sort, Standing, permit,
};
use luotsi_journal::{
    Accounting, Entry, Journal, Phase, Session, State as Stored,
    command::{
        Accept, Accepted, Advance, DirectiveChange, Effect, Guard, Lost, NewDelivery, Recover,
    },
    read,
};
use luotsi_model::{
    Categories, ClientRef, DeliveryId, DirectiveId, Envelope, GenerationId, Kind, MessageId,
    OrganisationId, Purpose, SystemId,
};
use uuid::Uuid;

use crate::model::{Hand, Stand, State, Step, Word};

const DIRECTIVE: &str = "S-1";

/// One client's life in the journal, beside the model's.
pub(crate) struct Life<'j> {
    journal: &'j Journal,
    client: ClientRef,
    /// The message that is delivered.
    message: Option<MessageId>,
    deliveries: Vec<DeliveryId>,
    /// What the journal gave, by epoch.
    read: BTreeMap<usize, Directives>,
    /// What each sender decided.
    hands: Vec<Option<Result<Permit, Refusal>>>,
    /// Of its messages, all different in one journal.
    ids: std::ops::RangeFrom<u128>,
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000)
}

impl<'j> Life<'j> {
    /// The `number`th life, at the model's beginning.
    pub(crate) async fn begin(journal: &'j Journal, number: usize, state: &State) -> Self {
        let mut life = Self {
            journal,
            client: ClientRef::new(format!("c-{number}")),
            message: None,
            deliveries: Vec::new(),
            read: BTreeMap::new(),
            hands: state.deliveries.iter().map(|_| None).collect(),
            ids: number as u128 * 1000..,
        };
        if state.words.last() == Some(&Word::Given) {
            life.accept(life.given(), 0).await;
        }
        let accepted = life.accept(Effect::None, state.deliveries.len()).await;
        life.message = Some(accepted.message);
        life
    }

    fn id(&mut self) -> Uuid {
        Uuid::from_u128(self.ids.next().unwrap())
    }

    /// Takes the step, and holds what the journal and the gate reply against the model.
    pub(crate) async fn take(&mut self, before: &State, step: Step, after: &State) {
        match step {
            Step::Look(_) if before.kept.is_some() => {}
            Step::Look(_) => {
                let client = self.client.clone();
                let found = self.journal.read(move |c| read::directives(c, &client)).await.unwrap();
                self.read.insert(before.epoch(), found);
            }
            Step::Decide(i) => self.decide(before, i),
            Step::Write(i) => self.write(before, i).await,
            Step::Succeed(i) | Step::Fail(i) => {
                let stand = after.deliveries[i].stand;
                let written = self.advance(i, stand, Phase::Outcome, None).await;
                assert_eq!(written, Ok(()));
                self.hands[i] = None;
            }
            Step::Withdraw => {
                let change = DirectiveChange::Withdraw(DirectiveId::new(DIRECTIVE));
                let accepted = self.accept(Effect::Directive(change), 0).await;
                let receipt = after.receipts.last().unwrap();
                assert_eq!(accepted.in_flight as usize, receipt.in_flight);
            }
            Step::Consent => {
                self.accept(self.given(), 0).await;
            }
            Step::Crash => self.hands.fill_with(|| None),
            Step::Start => {
                let closed = self
                    .journal
                    .write(Recover { at: now(), destination: None, fence: None })
                    .await
                    .unwrap();
                assert_eq!(closed, before.sending());
            }
            Step::Arrive(_) | Step::Tell | Step::Deadline(_) => {}
        }
        self.agrees(after);
    }

    /// What the journal holds is what the model says.
    fn agrees(&self, state: &State) {
        let epoch = |c: &Session| Ok(read::directives(c, &self.client)?.epoch);
        assert_eq!(self.journal.read_now(epoch).unwrap() as usize, state.epoch());
        for (id, delivery) in self.deliveries.iter().zip(&state.deliveries) {
            let found = self.journal.read_now(|c| read::delivery(c, *id)).unwrap().unwrap();
            assert_eq!(found.state, stored(delivery.stand));
        }
    }

    fn decide(&mut self, before: &State, i: usize) {
        let Hand::Looked(epoch) = before.deliveries[i].hand else { unreachable!() };
        let recipient = recipient(i);
        let request = Request {
            subject: Some(&self.client),
            controller: &"mallikunta".into(),
            source: None,
            recipient: &recipient,
            purpose: &"peer-support".into(),
            kind: &"referral".into(),
            service: None,
            attested: Attested::default(),
            now: now(),
        };
        let decided = permit(&request, Some(&self.read[&epoch]), &policy());
        let (stand, on) = match &decided {
            Ok(permit) => (Stand::Sending, Some(permit.grant().epoch)),
            Err(refusal) => {
                let waits = matches!(refusal.decision.outcome, Outcome::Wait(_));
                let stand = if waits { Stand::Waiting } else { Stand::Refused };
                (stand, refusal.epoch)
            }
        };
        assert_eq!((stand, on), (before.verdict(epoch, false), Some(epoch as u64)));
        self.hands[i] = Some(decided);
    }

    /// The move that was decided, guarded by the epoch that the gate's own answer names.
    async fn write(&mut self, before: &State, i: usize) {
        let Hand::Decided(epoch) = before.deliveries[i].hand else { unreachable!() };
        let stand = before.verdict(epoch, before.deliveries[i].late);
        let (phase, on) = match self.hands[i].as_ref().unwrap() {
            Ok(permit) => (Phase::Intent, permit.grant().epoch),
            Err(refusal) if stand == Stand::Waiting => (Phase::Wait, refusal.epoch.unwrap()),
            Err(refusal) => (Phase::Refusal, refusal.epoch.unwrap()),
        };
        let written = self.advance(i, stand, phase, Some(on)).await;
        let is_stale = epoch != before.epoch();
        assert_eq!(written, if is_stale { Err(Lost::Stale) } else { Ok(()) });
        self.hands[i] = None;
    }

    async fn advance(
        &self,
        i: usize,
        stand: Stand,
        phase: Phase,
        guard: Option<u64>,
    ) -> Result<(), Lost> {
        let id = self.deliveries[i];
        let found = self.journal.read_now(|c| read::delivery(c, id)).unwrap().unwrap();
        let entry = Entry {
            shown: None,
            phase,
            at: now(),
            client: Some(self.client.clone()),
            message: self.message,
            delivery: Some(id),
            source: SystemId::new("serena"),
            recipient: recipient(i).system,
            purpose: Purpose::new("peer-support"),
            kind: Kind::new("referral"),
            generation: GenerationId::new("g"),
            attempt: found.attempts + 1,
            fields: Vec::new(),
            withheld: Vec::new(),
            lossy: Vec::new(),
            categories: Categories::NONE,
            grounds: Vec::new(),
            result: None,
        };
        let advance = Advance {
            delivery: Some(found.seq),
            to: stored(stand),
            due: now(),
            attempts: found.attempts + u32::from(phase == Phase::Outcome),
            cause: None,
            entry: Some(entry),
            guard: guard.map(|epoch| Guard { client: self.client.clone(), epoch }),
            fence: None,
        };
        self.journal.write(advance).await.unwrap()
    }

    /// Leaves nothing under way for the lives to come, whose recovery would meet it.
    pub(crate) async fn end(self, state: &State) {
        for (i, delivery) in state.deliveries.iter().enumerate() {
            if delivery.stand == Stand::Sending {
                let written = self.advance(i, Stand::Dead, Phase::Outcome, None).await;
                assert_eq!(written, Ok(()));
            }
        }
    }

    fn given(&self) -> Effect {
        Effect::Directive(DirectiveChange::Put(Box::new(Directive {
            id: DirectiveId::new(DIRECTIVE),
            version: 1,
            subject: self.client.clone(),
            standing: Standing::Active,
            given: now(),
            recorder: SystemId::new("serena"),
            instrument: Instrument::Will,
            given_by: GivenBy::Client,
            root: Provision::everything(Says::Permit),
            exceptions: Vec::new(),
        })))
    }

    async fn accept(&mut self, effect: Effect, deliveries: usize) -> Accepted {
        let message = MessageId(self.id());
        let new = |i| NewDelivery {
            id: DeliveryId(Uuid::from_u128(message.0.as_u128() << 8 | i as u128)),
            destination: recipient(i).system,
            purpose: Purpose::new("peer-support"),
            deadline: now() + SignedDuration::from_hours(1),
        };
        let deliveries: Vec<_> = (0..deliveries).map(new).collect();
        self.deliveries.extend(deliveries.iter().map(|delivery| delivery.id));
        let envelope = Envelope {
            id: message,
            kind: Kind::new("referral"),
            source: SystemId::new("serena"),
            controller: OrganisationId::new("mallikunta"),
            subject: Some(self.client.clone()),
            service: None,
            answers: None,
            replays: None,
            received: now(),
            generation: GenerationId::new("g"),
            traceparent: None,
        };
        let accept = Accept {
            envelope,
            reference: None,
            record: b"{}".to_vec(),
            accounting: Accounting::default(),
            deliveries,
            idempotency: None,
            effect,
        };
        self.journal.write(accept).await.unwrap().unwrap()
    }
}

const fn stored(stand: Stand) -> Stored {
    match stand {
        Stand::Ready => Stored::Ready,
        Stand::Waiting => Stored::Waiting,
        Stand::Sending => Stored::Sending,
        Stand::Delivered => Stored::Delivered,
        Stand::Refused => Stored::Refused,
        Stand::Dead => Stored::Dead,
    }
}

fn recipient(i: usize) -> Recipient {
    let name = ["malli-ry", "malli-hoiva"][i];
    Recipient {
        system: name.into(),
        organisation: name.into(),
        controller: name.into(),
        sort: Sort::ThirdSector,
        sector: None,
    }
}

fn policy() -> Policy {
    let rule = Rule {
        name: "by consent".into(),
        basis: Basis::Consent,
        sorts: vec![Sort::ThirdSector],
        systems: vec![],
        purposes: vec![],
        kinds: vec![],
        categories: Categories::ALL,
        over_prohibition: false,
        protected_address: false,
        reasons: vec![],
    };
    Policy { rules: vec![rule] }
}
