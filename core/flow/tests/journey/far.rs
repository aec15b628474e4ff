//! The recipients: they record, misbehave as scripted, and check at every call that the hub was
//! allowed to call.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use luotsi_consent::{Basis, Grant, Permitted};
use luotsi_journal::{Error, Journal, NodeId, Phase, Session, State, command::SENDING, read};
use luotsi_model::{ClientRef, DeliveryId, MessageId, SystemId};
use luotsi_port::{BoxFuture, Outbound, Outgoing, Receipt, SendError};
use tokio::sync::watch;

use crate::papers::SECRET;

/// How a recipient meets one call.
pub(crate) enum Answer {
    Take,
    Fail,
    /// Fails, and asks to be left alone for so long.
    FailFor(Duration),
    Reject,
    Hang,
    Panic,
    /// Takes it once this turns true.
    Hold(watch::Receiver<bool>),
    /// Turns out not to have been reached, once this turns true.
    LoseAfter(watch::Receiver<bool>),
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) delivery: DeliveryId,
    pub(crate) message: MessageId,
    pub(crate) client: Option<ClientRef>,
    /// Which call of this delivery, from 1.
    pub(crate) nth: usize,
    pub(crate) taken: bool,
    /// The document.
    pub(crate) body: Arc<str>,
}

type Script = Box<dyn FnMut(&Call) -> Answer + Send>;

/// A connected system at the far end.
pub(crate) struct Far {
    system: SystemId,
    journal: Mutex<Option<Journal>>,
    script: Mutex<Script>,
    state: Mutex<Recorded>,
}

#[derive(Default)]
struct Recorded {
    calls: Vec<Call>,
    nth: HashMap<DeliveryId, usize>,
    /// Calls that are not over: about whom, from which hub.
    inside: HashSet<(ClientRef, Caller)>,
    /// Who has taken her consent back, and how much was under way.
    closed: HashMap<ClientRef, u32>,
    wrongs: Vec<String>,
}

/// The hub that calls; `None`: it shares the journal with nobody.
type Caller = Option<NodeId>;

/// Says that a call is over, however it ends.
struct Inside<'f>(&'f Far, Caller, Option<ClientRef>);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        if let Some(client) = self.2.take() {
            self.0.state.lock().unwrap().inside.remove(&(client, self.1));
        }
    }
}

impl Far {
    pub(crate) fn new(system: &str) -> Arc<Self> {
        Arc::new(Self {
            system: SystemId::new(system),
            journal: Mutex::new(None),
            script: Mutex::new(Box::new(|_| Answer::Take)),
            state: Mutex::default(),
        })
    }

    pub(crate) fn look_into(&self, journal: Option<Journal>) {
        *self.journal.lock().unwrap() = journal;
    }

    pub(crate) fn script(&self, script: impl FnMut(&Call) -> Answer + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    /// From now on only so much about her may come on the ground of a consent; `None`: anything.
    pub(crate) fn close(&self, client: &ClientRef, may_come: Option<u32>) {
        let closed = &mut self.state.lock().unwrap().closed;
        match may_come {
            Some(count) => closed.insert(client.clone(), count),
            None => closed.remove(client),
        };
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }

    /// The messages it has taken about a client, in order.
    pub(crate) fn taken(&self, client: &ClientRef) -> Vec<MessageId> {
        let own = |call: &&Call| call.taken && call.client.as_ref() == Some(client);
        self.calls().iter().filter(own).map(|call| call.message).collect()
    }

    pub(crate) fn wrongs(&self) -> Vec<String> {
        self.state.lock().unwrap().wrongs.clone()
    }

    fn enter(&self, caller: Caller, outgoing: &Outgoing, grant: &Grant) -> (usize, Call) {
        let mut state = self.state.lock().unwrap();
        let client = grant.subject.clone();
        let by_consent = grant.grounds.iter().any(|ground| ground.basis == Basis::Consent);
        let mut wrong = |what: &str| {
            state.wrongs.push(format!("{} {}: {what}", self.system, outgoing.delivery));
        };
        if grant.recipient != self.system {
            wrong("a permit for another");
        }
        let body = String::from_utf8_lossy(&outgoing.body);
        if self.system.as_str() == "malli-ry" && body.contains(SECRET) {
            wrong("a field that is not permitted");
        }
        if let Some(client) = &client {
            if by_consent && let Some(may_come) = state.closed.get_mut(client) {
                if *may_come == 0 {
                    state.wrongs.push(format!("{}: sent after the withdrawal", outgoing.delivery));
                } else {
                    *may_come -= 1;
                }
            }
            if !state.inside.insert((client.clone(), caller)) {
                state.wrongs.push(format!("{}: two at a time", outgoing.delivery));
            }
        }
        let nth = state.nth.entry(outgoing.delivery).or_default();
        *nth += 1;
        let (delivery, message, nth) = (outgoing.delivery, outgoing.message, *nth);
        let call =
            Call { delivery, message, client, nth, taken: false, body: body.as_ref().into() };
        state.calls.push(call.clone());
        (state.calls.len() - 1, call)
    }

    /// What must hold in the journal when a call comes in.
    fn check(&self, caller: Caller, call: &Call) {
        let Some(journal) = self.journal.lock().unwrap().clone() else { return };
        let wrong = match journal.read_now(|c| {
            let wrong = wrong_in_journal(c, &self.system, call)?;
            Ok(wrong.or(wrong_owner(c, &self.system, caller)?))
        }) {
            Ok(None) => return,
            Ok(Some(wrong)) => wrong,
            Err(error) => error.to_string(),
        };
        let wrong = format!("{} {}: {wrong}", self.system, call.delivery);
        self.state.lock().unwrap().wrongs.push(wrong);
    }

    async fn answer(&self, at: usize, answer: Answer) -> Result<Receipt, SendError> {
        match answer {
            Answer::Take => {}
            Answer::Fail => return Err(SendError::retry("scripted")),
            Answer::FailFor(pause) => {
                let (why, after) = ("scripted".into(), Some(pause));
                return Err(SendError::Retry { why, after, reached: true });
            }
            Answer::Reject => return Err(SendError::reject("scripted")),
            Answer::Hang => std::future::pending().await,
            // Without a word from the hook: it is no news.
            Answer::Panic => std::panic::resume_unwind(Box::new("scripted")),
            Answer::Hold(mut until) => drop(until.wait_for(|is_free| *is_free).await),
            Answer::LoseAfter(mut until) => {
                drop(until.wait_for(|is_free| *is_free).await);
                let why = "scripted".into();
                return Err(SendError::Retry { why, after: None, reached: false });
            }
        }
        self.state.lock().unwrap().calls[at].taken = true;
        Ok(Receipt { answer: "ok".into() })
    }
}

/// The send has an open intent of its own, and no earlier one of the client is passed over but
/// those that have waited for a basis.
fn wrong_in_journal(c: &Session, system: &SystemId, call: &Call) -> Result<Option<String>, Error> {
    let Some(delivery) = read::delivery(c, call.delivery)? else {
        return Ok(Some("not in the journal".into()));
    };
    if delivery.state != State::Sending || delivery.destination != *system {
        return Ok(Some(format!("sent while {:?}", delivery.state)));
    }
    let trail = read::trail(c, delivery.message)?;
    let last = trail.iter().rfind(|entry| entry.delivery == Some(delivery.id));
    let is_intent = last.is_some_and(|e| e.phase == Phase::Intent && e.recipient == *system);
    if !is_intent {
        return Ok(Some("sent without an intent".into()));
    }
    let Some(client) = &call.client else { return Ok(None) };
    for earlier in read::pending_of(c, system, client)? {
        let passed_over = earlier.seq < delivery.seq && earlier.state != State::Waiting;
        if passed_over && !has_waited(c, &earlier)? {
            return Ok(Some(format!("{delivery:?}\n  overtakes {earlier:?}")));
        }
    }
    Ok(None)
}

/// Whoever sends to a system owns its lane at that moment.
fn wrong_owner(c: &Session, system: &SystemId, caller: Caller) -> Result<Option<String>, Error> {
    let Some(caller) = caller else { return Ok(None) };
    let lane = format!("{SENDING}{system}");
    let owner = read::lanes(c)?.into_iter().find(|found| found.name == lane).and_then(|l| l.owner);
    Ok((owner != Some(caller))
        .then(|| format!("sent by {caller:?}, whose lane it is not: {owner:?}")))
}

fn has_waited(c: &Session, delivery: &read::Delivery) -> Result<bool, Error> {
    let trail = read::trail(c, delivery.message)?;
    Ok(trail.iter().any(|e| e.phase == Phase::Wait && e.delivery == Some(delivery.id)))
}

impl Far {
    /// One call by a hub.
    pub(crate) async fn called(
        &self,
        caller: Caller,
        parcel: Permitted<Outgoing>,
    ) -> Result<Receipt, SendError> {
        let (outgoing, grant) = parcel.release();
        let (at, call) = self.enter(caller, &outgoing, &grant);
        let _inside = Inside(self, caller, call.client.clone());
        self.check(caller, &call);
        let answer = (self.script.lock().unwrap())(&call);
        self.answer(at, answer).await
    }
}

impl Outbound for Far {
    fn deliver(&self, parcel: Permitted<Outgoing>) -> BoxFuture<'_, Result<Receipt, SendError>> {
        Box::pin(self.called(None, parcel))
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async { Ok(()) })
    }
}
