//! The instruments. Attributes are names of the region's files and of steps, never client data.

use std::time::Duration;

use luotsi_journal::{RecallState, State, read::Load};
use luotsi_mapping::Lossy;
use luotsi_model::SystemId;
use opentelemetry::{
    KeyValue, global,
    metrics::{Counter, Gauge, Histogram},
};

/// Where a message is on its journey.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    Accept,
    Map,
    Gate,
    Encode,
    Deliver,
}

impl Stage {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Map => "map",
            Self::Gate => "gate",
            Self::Encode => "encode",
            Self::Deliver => "deliver",
        }
    }
}

/// The hub's instruments.
pub struct Metrics {
    messages: Counter<u64>,
    durations: Histogram<f64>,
    decisions: Counter<u64>,
    emergencies: Counter<u64>,
    unmapped: Counter<u64>,
    lossy: Counter<u64>,
    oldest: Gauge<f64>,
    pending: Gauge<u64>,
    dead: Gauge<u64>,
    recalls: Gauge<u64>,
    up: Gauge<u64>,
    lanes: Gauge<u64>,
    untold: Gauge<u64>,
    broker: Gauge<u64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let meter = global::meter("luotsi");
        Self {
            messages: meter
                .u64_counter("luotsi_messages")
                .with_description("Messages by connection, stage and outcome.")
                .build(),
            durations: meter
                .f64_histogram("luotsi_stage_duration")
                .with_unit("s")
                .with_description("Time spent in a stage.")
                .with_boundaries(vec![
                    0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0,
                    5.0, 10.0,
                ])
                .build(),
            decisions: meter
                .u64_counter("luotsi_consent_decisions")
                .with_description("Decisions of the gate by legal basis and decision.")
                .build(),
            emergencies: meter
                .u64_counter("luotsi_emergency_disclosures")
                .with_description("Sends that only an emergency let through; alert on any.")
                .build(),
            unmapped: meter
                .u64_counter("luotsi_unmapped_elements")
                .with_description("Input elements that no mapping rule knows.")
                .build(),
            lossy: meter
                .u64_counter("luotsi_lossy_codes")
                .with_description("Codes that a code table could not carry whole.")
                .build(),
            oldest: meter
                .f64_gauge("luotsi_oldest_pending")
                .with_unit("s")
                .with_description("Age of the oldest pending delivery, by destination.")
                .build(),
            pending: meter
                .u64_gauge("luotsi_pending_deliveries")
                .with_description("Deliveries without an end yet, by destination and state.")
                .build(),
            dead: meter
                .u64_gauge("luotsi_dead_letters")
                .with_description("Deliveries that wait for a person, by destination.")
                .build(),
            recalls: meter
                .u64_gauge("luotsi_open_recalls")
                .with_description("Recalls without an end yet, by state.")
                .build(),
            up: meter
                .u64_gauge("luotsi_adapter_up")
                .with_description("1 when the system answered the latest probe or send.")
                .build(),
            lanes: meter
                .u64_gauge("luotsi_lanes_worked")
                .with_description("Lanes that this hub works, where several share the journal.")
                .build(),
            untold: meter
                .u64_gauge("luotsi_untold_deliveries")
                .with_description("Deliveries that the hubs have not told each other of yet.")
                .build(),
            broker: meter
                .u64_gauge("luotsi_broker_ready")
                .with_description("1 when the broker takes what is announced.")
                .build(),
        }
    }

    pub(crate) fn message(&self, connection: &SystemId, stage: Stage, outcome: &'static str) {
        self.messages(connection, stage, outcome, 1);
    }

    pub(crate) fn messages(
        &self,
        connection: &SystemId,
        stage: Stage,
        outcome: &'static str,
        count: u64,
    ) {
        self.messages.add(
            count,
            &[
                KeyValue::new("connection", connection.to_string()),
                KeyValue::new("stage", stage.as_str()),
                KeyValue::new("outcome", outcome),
            ],
        );
    }

    pub(crate) fn took(&self, stage: Stage, time: Duration) {
        self.durations.record(time.as_secs_f64(), &[KeyValue::new("stage", stage.as_str())]);
    }

    pub(crate) fn decided(&self, basis: &'static str, decision: &'static str) {
        self.decisions
            .add(1, &[KeyValue::new("basis", basis), KeyValue::new("decision", decision)]);
    }

    /// Notes a send that nothing but an emergency let through.
    pub(crate) fn emergency(&self, to: &SystemId) {
        self.emergencies.add(1, &[KeyValue::new("connection", to.to_string())]);
    }

    pub(crate) fn left_unmapped(&self, mapping: &str, count: u32) {
        if count > 0 {
            self.unmapped.add(u64::from(count), &[KeyValue::new("mapping", mapping.to_owned())]);
        }
    }

    pub(crate) fn lost(&self, mapping: &str, lossy: &[Lossy]) {
        for Lossy { table, count, .. } in lossy {
            let labels = [("mapping", mapping.to_owned()), ("table", table.clone())];
            let labels = labels.map(|(name, value)| KeyValue::new(name, value));
            self.lossy.add(u64::from(*count), &labels);
        }
    }

    /// Notes whether a system answered.
    pub fn adapter(&self, connection: &SystemId, up: bool) {
        self.up.record(u64::from(up), &[KeyValue::new("connection", connection.to_string())]);
    }

    /// Notes how a hub among several stands.
    pub fn sharing(&self, lanes: usize, untold: u64, broker_is_ready: Option<bool>) {
        self.lanes.record(lanes as u64, &[]);
        self.untold.record(untold, &[]);
        if let Some(is_ready) = broker_is_ready {
            self.broker.record(u64::from(is_ready), &[]);
        }
    }

    /// Notes how many recalls are open, in every state they can be in.
    pub fn recalls(&self, counts: &[(RecallState, u64)]) {
        for state in RecallState::ALL.into_iter().filter(|state| state.is_open()) {
            let count = counts.iter().filter(|(of, _)| *of == state).map(|(_, count)| count).sum();
            self.recalls.record(count, &[KeyValue::new("state", state.as_str())]);
        }
    }

    /// Notes what pends, for every destination, also those where nothing does.
    pub fn loads(&self, destinations: &[SystemId], loads: &[Load], now: jiff::Timestamp) {
        for destination in destinations {
            let own = || loads.iter().filter(|load| load.destination == *destination);
            let name = || KeyValue::new("connection", destination.to_string());
            for state in [State::Ready, State::Waiting, State::Sending, State::Held] {
                let count = own().filter(|l| l.state == state).map(|l| l.count).sum();
                self.pending.record(count, &[name(), KeyValue::new("state", state.as_str())]);
            }
            let dead = own().filter(|l| l.state == State::Dead).map(|l| l.count).sum();
            self.dead.record(dead, &[name()]);
            let oldest = own().filter(|l| l.state.is_pending()).map(|l| l.oldest).min();
            let age = oldest.map_or(0.0, |o| now.duration_since(o).as_secs_f64().max(0.0));
            self.oldest.record(age, &[name()]);
        }
    }
}
