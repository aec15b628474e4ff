//! The systems that the hub fetches from, each by a task of its own.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

use luotsi_flow::{Flow, Incoming, Refused, Role, Turn, Work};
use luotsi_model::SystemId;
use luotsi_port::{Arrived, BoxFuture, Inbound, Intake, Taken};
use luotsi_region::Region;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{intake, problem::Problem};
use crate::adapters;

/// The ways in of a generation.
pub(super) type WaysIn = BTreeMap<SystemId, Arc<dyn Inbound>>;

/// The way in of every connection that is fetched from; or which one cannot be made, and why.
pub(super) fn ways_in(region: &Region) -> Result<WaysIn, String> {
    let mut ways = WaysIn::new();
    for connection in region.connections.values().filter(|c| c.intake.is_some()) {
        let adapter = adapters::find(&connection.adapter)
            .ok_or_else(|| format!("{}: no adapter {:?}", connection.file, connection.adapter))?;
        let way = adapter
            .inbound(&connection.system, &connection.settings)
            .map_err(|p| format!("{}: {}; {}", connection.file, p.what, p.mend))?;
        ways.extend(way.map(|way| (connection.system.clone(), way)));
    }
    Ok(ways)
}

/// Fetches, by one generation at a time.
pub(super) struct Fetching {
    flow: Arc<Flow>,
    running: Mutex<Vec<Arc<Fetch>>>,
}

impl Fetching {
    pub(super) fn new(flow: Arc<Flow>) -> Self {
        Self { flow, running: Mutex::default() }
    }

    /// Fetches by these ways from now on, each a lane: of several hubs one fetches from a system.
    pub(super) async fn start(&self, ways: WaysIn) {
        let mut running = self.running.lock().await;
        for (system, way) in ways {
            let fetch =
                Fetch { flow: Arc::downgrade(&self.flow), system, way, at_it: Mutex::new(()) };
            let fetch = Arc::new(fetch);
            self.flow.watch().keep(fetch.lane(), Role::Intake, fetch.clone());
            running.push(fetch);
        }
    }

    /// Ends all fetching, and gives the ways it went by. What was fetched for one generation must
    /// not be taken for another's: a queue may have got another owner.
    pub(super) async fn pause(&self) -> WaysIn {
        let fetches = std::mem::take(&mut *self.running.lock().await);
        fetches.iter().for_each(|fetch| self.flow.watch().leave(&fetch.lane()));
        let mut ways = WaysIn::new();
        for fetch in fetches {
            // Given back when it has ended.
            drop(fetch.at_it.lock().await);
            ways.insert(fetch.system.clone(), fetch.way.clone());
        }
        ways
    }
}

/// Fetching from one system, as the lane that it is.
struct Fetch {
    /// Not held: the flow holds its lanes.
    flow: Weak<Flow>,
    system: SystemId,
    way: Arc<dyn Inbound>,
    /// Held while it fetches.
    at_it: Mutex<()>,
}

impl Fetch {
    fn lane(&self) -> String {
        format!("from:{}", self.system)
    }
}

impl Work for Fetch {
    fn run(self: Arc<Self>, _: Turn, stop: CancellationToken) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let _at_it = self.at_it.lock().await;
            let Some(flow) = self.flow.upgrade().filter(|_| !stop.is_cancelled()) else { return };
            let door = Door { flow, system: self.system.clone() };
            self.way.clone().run(Arc::new(door), stop).await;
        })
    }
}

/// Where what was fetched from one system comes in: the same door as what is posted.
struct Door {
    flow: Arc<Flow>,
    system: SystemId,
}

impl Intake for Door {
    fn take(&self, arrived: Arrived) -> BoxFuture<'_, Taken> {
        Box::pin(async move {
            if let Err(problem) = self.check(&arrived) {
                return Taken::Refused { code: problem.code(), why: problem.line() };
            }
            let (flow, system) = (self.flow.clone(), self.system.clone());
            // A task of its own: a panic is a defect of the hub, and must not end the fetching.
            let accepting = tokio::spawn(async move {
                let incoming = Incoming {
                    system: &system,
                    body: &arrived.body,
                    idempotency_key: Some(&arrived.key),
                    traceparent: arrived.traceparent.as_deref(),
                    plan: None,
                };
                flow.accept_all(incoming).await.map(|_| ())
            });
            match accepting.await {
                Ok(Ok(())) => Taken::Accepted,
                Ok(Err(refused)) => told(&refused),
                Err(_) => Taken::Refused { code: "defect", why: "the hub has failed".into() },
            }
        })
    }
}

impl Door {
    fn check(&self, arrived: &Arrived) -> Result<(), Problem> {
        // A connection that has no intake any more is told so by the flow.
        let region = self.flow.region();
        let Ok((format, bytes_max)) = intake::intake_limits(&region, &self.system) else {
            return Ok(());
        };
        if let Some(text) = &arrived.content_type {
            intake::check_media_type_of(text, format)?;
        }
        if arrived.body.len() > bytes_max { Err(intake::too_large(bytes_max)) } else { Ok(()) }
    }
}

fn told(refused: &Refused) -> Taken {
    let problem = Problem::from(refused);
    match refused {
        // It is the hub's own matter, and passes.
        Refused::Journal(_) | Refused::Broker(_) | Refused::NoIntake => {
            Taken::Later { why: problem.line() }
        }
        _ => Taken::Refused { code: problem.code(), why: problem.line() },
    }
}
