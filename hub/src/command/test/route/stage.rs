//! The hub as cases play it: the real flow, a journal of its own, a clock that stands, and
//! recipients that take everything and send nothing on.

mod known;
mod props;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use luotsi_flow::{
    ClientKey, Flow, Incoming, PlanRead, Refused, Store, SystemEntropy, Unseen,
    inspect::{DeliveryTrace, Journey},
};
use luotsi_journal::{Journal, Key, Masters, Phase, State, read};
use luotsi_mapping::{Document, Format, Limits, case::Used};
use luotsi_model::{MessageId, SystemId};
use luotsi_port::Outbound;
use luotsi_region::Region;
use tempfile::TempDir;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    super::Coverage,
    case::{Case, Later, Reads},
};
use known::Known;
use props::{Recipient, Standing, Taken};

/// Why a case cannot be played to its end.
type Why = String;

/// The key of client references and of the journal: it protects nobody here, and makes equal runs
/// equal.
const KEY: [u8; 32] = [7; 32];
/// A delivery that has not settled by then never will.
const SETTLED_MAX: Duration = Duration::from_secs(20);
/// What the hub has not told by then, with nothing due, it does not tell.
const TOLD_MAX: Duration = Duration::from_secs(3);
const LOOK_AGAIN: Duration = Duration::from_millis(1);

pub(super) struct Stage {
    flow: Arc<Flow>,
    clock: Arc<Standing>,
    taken: Arc<Taken>,
    stop: CancellationToken,
    tasks: TaskTracker,
    _place: TempDir,
}

/// What came of a case.
pub(super) struct Played {
    /// The record, or the code and the faults with which the input was turned away.
    pub(super) record: Result<Vec<u8>, (&'static str, Vec<String>)>,
    pub(super) sends: Vec<Sent>,
    /// Of the hub's own messages, at the later moment.
    pub(super) later: Vec<Sent>,
    pub(super) reads: Vec<Seen>,
}

/// What came of one delivery.
pub(super) struct Sent {
    pub(super) system: String,
    pub(super) purpose: String,
    pub(super) state: &'static str,
    pub(super) cause: Option<String>,
    pub(super) document: Option<(Format, Vec<u8>)>,
    /// The policy's rules on whose ground it went.
    pub(super) by: Vec<String>,
}

/// What a reader of the plan saw.
pub(super) struct Seen {
    pub(super) document: Option<(Format, Vec<u8>)>,
    pub(super) by: Vec<String>,
}

impl Stage {
    pub(super) async fn open(region: Arc<Region>, at: Timestamp) -> Result<Self, Why> {
        let place = TempDir::new().map_err(|error| error.to_string())?;
        let masters = Masters::new(&Key::new(KEY), &[]).map_err(|error| error.to_string())?;
        let journal = Journal::open(&place.path().join("journal.db"), masters);
        let journal = journal.map_err(|error| error.to_string())?;
        let clock = Arc::new(Standing::new(at));
        let clients = ClientKey::new(&KEY);
        let entropy = Arc::new(SystemEntropy);
        let flow = Flow::new(region.clone(), journal, clock.clone(), entropy, clients);
        let taken = Arc::new(Taken::default());
        let way = |system: &SystemId| -> Arc<dyn Outbound> {
            let is_plan = region.connection(system).is_some_and(|c| c.adapter == "plan");
            let plan = is_plan.then(|| Store(flow.clone()));
            Arc::new(Recipient { taken: taken.clone(), plan })
        };
        let delivering = region.connections.values().filter(|c| c.delivery.is_some());
        let ways: BTreeMap<_, _> = delivering.map(|c| (c.system.clone(), way(&c.system))).collect();
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        flow.start(ways, &stop, &tasks).await.map_err(|error| error.to_string())?;
        Ok(Self { flow, clock, taken, stop, tasks, _place: place })
    }

    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    pub(super) async fn play(&self, case: &Case, coverage: &mut Coverage) -> Result<Played, Why> {
        let mut known = Known::default();
        for given in &case.head.given {
            self.clock.stand_at(given.at.unwrap_or(case.head.at));
            let from = given.from.as_ref().unwrap_or(&case.head.from);
            let body = known.filled(case.file(&given.file));
            let message = self.post(from, &body, coverage).await;
            let message = message.map_err(|refused| format!("{}: {refused}", given.file))?;
            known.learn(&self.settled(message, coverage).await?);
        }
        self.clock.stand_at(case.head.at);
        let posted = self.post(&case.head.from, &known.filled(&case.input), coverage).await;
        let mut later = Vec::new();
        let (record, sends) = match posted {
            Err(refused) => {
                let places = refused.faults().iter().map(ToString::to_string).collect();
                (Err((refused.code(), places)), Vec::new())
            }
            Ok(message) => {
                let journey = self.settled(message, coverage).await?;
                known.learn(&journey);
                let sends = journey.deliveries.iter().map(|d| self.sent(d, &known)).collect();
                let record = known.named(&self.record(message).await?, &[]);
                if let Some(moment) = &case.head.later {
                    later = self.later(moment, message, &mut known, coverage).await?;
                }
                (Ok(record), sends)
            }
        };
        let mut reads = Vec::with_capacity(case.head.reads.len());
        for one in &case.head.reads {
            reads.push(self.seen(one, &known, coverage).await?);
        }
        Ok(Played { record, sends, later, reads })
    }

    async fn post(
        &self,
        system: &SystemId,
        body: &[u8],
        coverage: &mut Coverage,
    ) -> Result<MessageId, Refused> {
        self.note(system, body, coverage);
        let incoming =
            Incoming { system, body, idempotency_key: None, traceparent: None, plan: None };
        self.flow.accept(incoming).await.map(|receipt| receipt.message)
    }

    /// Which rules reading the document exercises.
    fn note(&self, system: &SystemId, body: &[u8], coverage: &mut Coverage) {
        let region = self.flow.region();
        let Some(intake) = region.connection(system).and_then(|c| c.intake.as_ref()) else {
            return;
        };
        let limits = Limits { bytes_max: intake.bytes_max, ..Limits::default() };
        let document = luotsi_mapping::read(intake.format, body, &limits);
        let Ok(document) = document.and_then(Document::record) else { return };
        let Some(mapping) = intake.mappings.iter().find(|m| m.matches(&document)) else { return };
        let (_, reading) = mapping.decode_told(&document, intake.hetu);
        let mut used = Used::default();
        used.read(mapping, &document, &reading);
        let named = region.mappings.iter().find(|(_, known)| Arc::ptr_eq(known, mapping));
        if let Some((name, _)) = named {
            coverage.add(name, used);
        }
    }

    /// The message's journey, once all its deliveries have ended or wait.
    async fn settled(&self, message: MessageId, coverage: &mut Coverage) -> Result<Journey, Why> {
        let started = Instant::now();
        loop {
            let journey = self.flow.journey(message).await.map_err(|error| error.to_string())?;
            let journey = journey.ok_or("the journal has lost a message")?;
            let is_moving = |d: &DeliveryTrace| matches!(d.state, "ready" | "sending");
            if !journey.deliveries.iter().any(is_moving) {
                journey.accounting.routes.iter().for_each(|route| coverage.route(route));
                let rules = journey.deliveries.iter().flat_map(rules);
                rules.for_each(|rule| coverage.rule(&rule));
                return Ok(journey);
            }
            if started.elapsed() > SETTLED_MAX {
                return Err("its deliveries come to no end".into());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// What the hub itself has to say of the message by then.
    async fn later(
        &self,
        moment: &Later,
        message: MessageId,
        known: &mut Known,
        coverage: &mut Coverage,
    ) -> Result<Vec<Sent>, Why> {
        self.clock.stand_at(moment.at);
        let started = Instant::now();
        let said = loop {
            let found = self.flow.journal().read(move |c| {
                let Some(message) = read::message(c, message)? else { return Ok(Vec::new()) };
                read::of_message(c, message.seq)
            });
            let deliveries = found.await.map_err(|error| error.to_string())?;
            let is_open = |d: &read::Delivery| match d.state {
                State::Ready | State::Sending => true,
                State::Waiting => d.due <= moment.at,
                _ => d.told.is_none() && d.tell.is_some_and(|tell| tell <= moment.at),
            };
            let is_closed = !deliveries.iter().any(is_open);
            let said = self.said_since(message).await?;
            // What is told at once is owed at another time: it is waited for by what is wanted.
            if is_closed && (said.len() >= moment.to.len() || started.elapsed() > TOLD_MAX) {
                break said;
            }
            if started.elapsed() > SETTLED_MAX {
                return Err("what the hub owes is not told".into());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        };
        let mut sends = Vec::new();
        for own in said {
            let journey = self.settled(own, coverage).await?;
            known.learn(&journey);
            sends.extend(journey.deliveries.iter().map(|d| self.sent(d, known)));
        }
        Ok(sends)
    }

    /// The hub's own messages after this one, in order.
    async fn said_since(&self, message: MessageId) -> Result<Vec<MessageId>, Why> {
        let all = self.flow.journal().read(|c| read::messages_last(c, usize::MAX)).await;
        let all = all.map_err(|error| error.to_string())?;
        let since = all.iter().skip_while(|one| one.envelope.id != message).skip(1);
        Ok(since.filter(|one| one.envelope.source.is_hub()).map(|one| one.envelope.id).collect())
    }

    async fn record(&self, message: MessageId) -> Result<Vec<u8>, Why> {
        let found = self.flow.journal().read(move |c| read::message(c, message)).await;
        let found = found.map_err(|error| error.to_string())?;
        match found.map(|message| message.record) {
            Some(read::Payload::Open(record)) => Ok(record),
            _ => Err("the journal has lost a message".into()),
        }
    }

    fn sent(&self, delivery: &DeliveryTrace, known: &Known) -> Sent {
        let region = self.flow.region();
        let taken = self.taken.of(&delivery.delivery);
        let document = taken.map(|(kind, body)| {
            let mapping = region.delivery_mapping(&SystemId::new(&delivery.destination), &kind);
            (
                mapping.map_or(Format::Json, |m| m.format()),
                known.named(&body, &[(&delivery.delivery, "$delivery")]),
            )
        });
        Sent {
            system: delivery.destination.clone(),
            purpose: delivery.purpose.clone(),
            state: delivery.state,
            cause: delivery.cause.clone(),
            document: document.filter(|_| delivery.state == "delivered"),
            by: rules(delivery).into_iter().collect(),
        }
    }

    async fn seen(
        &self,
        reads: &Reads,
        known: &Known,
        coverage: &mut Coverage,
    ) -> Result<Seen, Why> {
        let seen = self.flow.read_plan(&reads.system, &PlanRead::Client(reads.hetu.clone())).await;
        let body = match seen {
            Ok(seen) => known.named(&seen.body, &[(&seen.id.to_string(), "$plan")]),
            Err(Unseen::Nothing) => return Ok(Seen { document: None, by: Vec::new() }),
            Err(error) => return Err(error.to_string()),
        };
        let client = self.flow.clients().reference(&reads.hetu);
        let entries = self
            .flow
            .journal()
            .read(move |c| read::of_client(c, &client, Timestamp::MIN, Timestamp::MAX));
        let entries = entries.await.map_err(|error| error.to_string())?;
        let own = entries.into_iter().rev().find(|entry| {
            entry.phase == Phase::Intent
                && entry.recipient == reads.system
                && entry.delivery.is_none()
        });
        let by: BTreeSet<_> =
            own.into_iter().flat_map(|entry| entry.grounds).map(|ground| ground.rule).collect();
        by.iter().for_each(|rule| coverage.rule(rule));
        let region = self.flow.region();
        let read = region.connection(&reads.system).and_then(|c| c.read.as_ref());
        let mapping = read.and_then(|read| read.by_kind.values().next());
        let format = mapping.map_or(Format::Json, |mapping| mapping.format());
        Ok(Seen { document: Some((format, body)), by: by.into_iter().collect() })
    }
}

/// The policy's rules on whose ground a delivery went.
fn rules(delivery: &DeliveryTrace) -> BTreeSet<String> {
    let intents = delivery.entries.iter().filter(|entry| entry.phase == Phase::Intent);
    intents.flat_map(|entry| &entry.grounds).map(|ground| ground.rule.clone()).collect()
}
