//! One destination's dispatcher: takes work from the bus and the journal, keeps each client's
//! deliveries in order, holds at most so many under way (bulkhead), and retries.
//!
//! It holds a window of the work in memory. What does not fit, what the bus dropped, and what was
//! there at the start is read from the journal: the dispatcher is *catching up* until a read finds
//! nothing more, and drops what the bus brings meanwhile, since the journal has it too. What is to
//! be retried later rests in the journal, so that it takes no room from what can go.

mod hear;
mod lanes;
mod look;
mod under_way;
mod work;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use luotsi_bus::{Consumer, Received, Wake};
use luotsi_journal::{
    Error, State,
    read::{self, Delivery},
};
use luotsi_model::SystemId;
use tokio_util::sync::CancellationToken;

use crate::{
    Flow,
    send::{Carried, Item, Next, Sender},
    watch::Turn,
};
use lanes::{LaneKey, Lanes};
use look::{LookedAt, looked_at, pending_in, to_decide};
use under_way::{Returned, UnderWay};
pub(crate) use work::Dispatching;

/// Deliveries held in memory.
const WINDOW: usize = 512;
/// Lanes that have rested and go before what is read on in the journal.
const WOKEN_FIRST: usize = 32;
/// How often waits past their deadline are looked for.
const SWEEP: SignedDuration = SignedDuration::from_secs(1);
/// How often it is looked for what other hubs accepted although nobody told of it: a net that should
/// stay empty.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(20);
/// How long a stopping dispatcher lets its sends finish; the hub's own bound is 27 s.
const DRAIN: Duration = Duration::from_secs(25);

struct Dispatcher {
    flow: Arc<Flow>,
    system: SystemId,
    concurrency_max: usize,
    lanes: Lanes,
    /// The place in the journal up to which it has caught up; `None`: it is up to date.
    cursor: Option<i64>,
    /// The lanes that it has met on the way there: what it meets of them after that is not their head.
    met: HashSet<LaneKey>,
    sweep: Timestamp,
    /// When the journal is read through although nobody has told of anything; never, where nobody else
    /// writes to it.
    again: Option<Timestamp>,
    /// Places to be looked at in one go, each once however often it was told.
    looks: BTreeSet<i64>,
    /// What was accepted here, of those.
    fresh: HashMap<i64, Item>,
}

/// Runs until `stop`, then lets what is under way finish.
pub(crate) async fn run(
    flow: Arc<Flow>,
    system: SystemId,
    mut end: Consumer<Item>,
    turn: Turn,
    stop: CancellationToken,
) {
    let now = flow.clock.now();
    let is_shared = turn.is_shared();
    let sender = Sender { flow: flow.clone(), system: system.clone(), turn };
    let mut under_way = UnderWay::new(sender);
    let mut dispatcher = Dispatcher {
        flow,
        system,
        concurrency_max: 1,
        lanes: Lanes::default(),
        cursor: Some(0),
        met: HashSet::new(),
        sweep: now,
        again: is_shared.then_some(now + LOOK_AGAIN),
        looks: BTreeSet::new(),
        fresh: HashMap::new(),
    };
    // What was told before the lane was this hub's is in the journal, and may have been sent since.
    while end.receive_now().is_some() {}
    while !stop.is_cancelled() {
        // A generation may have been exchanged since.
        dispatcher.concurrency_max = concurrency(&dispatcher.flow, &dispatcher.system);
        dispatcher.look().await;
        dispatcher.start_ready(&mut under_way);
        let wake = dispatcher.next_wake(&under_way);
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            returned = under_way.next() => dispatcher.returned(returned),
            received = end.receive() => match received {
                Received::Wake(wake) => dispatcher.woken(wake).await,
                Received::Dropped => dispatcher.cursor = Some(0),
                Received::Closed => break,
            },
            () = dispatcher.flow.clock.sleep_until(wake) => {}
        }
        // What is there already is taken in one go: a turn of the loop costs more than its work.
        while let Some(returned) = under_way.next_now() {
            dispatcher.returned(returned);
        }
        while let Some(wake) = end.receive_now() {
            dispatcher.woken(wake).await;
        }
    }
    if !under_way.drain(DRAIN).await {
        tracing::warn!("sends were still under way: they are sent again after the next start");
    }
}

fn concurrency(flow: &Flow, system: &SystemId) -> usize {
    let region = flow.region();
    let delivery = region.connection(system).and_then(|c| c.delivery.as_ref());
    delivery.map_or(1, |delivery| delivery.concurrency_max.max(1))
}

impl Dispatcher {
    /// Catches up, wakes what has rested, and sweeps. A journal that cannot be read now will be
    /// asked again at the next sweep.
    async fn look(&mut self) {
        let now = self.flow.clock.now();
        if self.again.is_some_and(|again| now >= again) {
            self.again = Some(now + LOOK_AGAIN);
            self.cursor = Some(0);
        }
        self.look_at().await;
        // Before what is read on, which would take all the room for as long as there is more of it.
        self.wake(WOKEN_FIRST).await;
        if let Some(after) = self.cursor
            && self.has_room()
        {
            match self.catch_up(after).await {
                Ok(()) => {}
                Err(error) => tracing::error!(%error, system = %self.system, "cannot catch up"),
            }
        }
        self.wake(WINDOW).await;
        if now >= self.sweep {
            self.sweep = now + SWEEP;
            if let Err(error) = self.expire(now).await {
                tracing::error!(%error, system = %self.system, "cannot look for expired waits");
            }
        }
    }

    /// Takes lanes up that have rested, so many at most. By the time as it is at each: were the clock set
    /// back meanwhile, a lane that is read anew would rest again, and wake at once by the time that it was.
    async fn wake(&mut self, most: usize) {
        for _ in 0..most {
            if !self.has_room() {
                return;
            }
            let Some(key) = self.lanes.take_woken(self.flow.clock.now()) else { return };
            self.refresh(vec![key]).await;
        }
    }

    fn has_room(&self) -> bool {
        self.lanes.len() < WINDOW / 2
    }

    /// Reads on in the journal, messages together with their deliveries.
    async fn catch_up(&mut self, after: i64) -> Result<(), Error> {
        let system = self.system.clone();
        let (found, messages) = self
            .flow
            .journal
            .read(move |c| {
                let found = read::pending(c, &system, after, WINDOW)?;
                let places: Vec<i64> = found.iter().map(|delivery| delivery.message).collect();
                Ok((found, read::messages_at(c, &places)?))
            })
            .await?;
        self.cursor = (found.len() == WINDOW).then(|| found.last().map_or(after, |d| d.seq));
        let now = self.flow.clock.now();
        let carried = self.carried(messages);
        if after == 0 {
            self.met.clear();
        }
        for delivery in found {
            let carried = carried.get(&delivery.message).cloned();
            let item = Item::from(delivery).with(carried);
            let key = LaneKey::of(&item);
            // Something has made it due since its lane came to rest, and what told of that was lost.
            if self.met.insert(key.clone()) {
                self.lanes.hasten(&key, item.due);
            }
            self.lanes.insert(item, now);
        }
        if self.cursor.is_none() {
            self.met = HashSet::new();
        }
        Ok(())
    }

    /// Waits that are due are decided again: at their deadline, which refuses them, or when a directive
    /// comes into force.
    async fn expire(&mut self, now: Timestamp) -> Result<(), Error> {
        let system = self.system.clone();
        let found = self.flow.journal.read(move |c| read::expired(c, &system, now, WINDOW)).await?;
        for delivery in found {
            self.lanes.insert(Item::from(delivery).due_at(now), now);
        }
        Ok(())
    }

    fn start_ready(&mut self, under_way: &mut UnderWay) {
        let now = self.flow.clock.now();
        while under_way.len() < self.concurrency_max
            && let Some((key, item)) = self.lanes.take(now)
        {
            under_way.start(key, item);
        }
    }

    /// When there may be something to do of which nobody tells. What is due but has no room waits
    /// for a send to come back, which does tell.
    fn next_wake(&self, under_way: &UnderWay) -> Timestamp {
        let is_full = under_way.len() >= self.concurrency_max;
        let due = self.lanes.next_due().filter(|_| !is_full);
        let woken = self.lanes.next_woken().filter(|_| self.has_room());
        [due, woken].into_iter().flatten().fold(self.sweep, Timestamp::min)
    }

    fn returned(&mut self, (key, seq, next): Returned) {
        match next {
            Next::Done => self.lanes.done(&key, seq),
            Next::Again(due) => self.lanes.again(&key, seq, due),
        }
    }

    async fn woken(&mut self, wake: Wake<Item>) {
        match wake {
            Wake::Fresh(_) if self.cursor.is_some() => {}
            Wake::Fresh(_) if self.lanes.len() + self.looks.len() >= WINDOW => self.read_on(),
            // What another hub accepted before it has not been told yet.
            Wake::Fresh(item) if self.is_ahead(&item) => {
                self.looks.insert(item.seq);
                self.fresh.insert(item.seq, item);
            }
            Wake::Fresh(item) => self.lanes.insert(item, self.flow.clock.now()),
            Wake::Journal => self.cursor = Some(0),
            Wake::Look(_) if self.cursor.is_some() => {}
            Wake::Look(places) if self.lanes.len() + self.looks.len() + places.len() > WINDOW => {
                self.read_on();
            }
            Wake::Look(places) => self.looks.extend(places),
            // A client's directives have changed: everything that pends about her is decided anew.
            Wake::Client(client) => self.refresh(vec![LaneKey::Client(client)]).await,
        }
    }

    /// Whether it comes after what is not known here.
    fn is_ahead(&self, item: &Item) -> bool {
        item.after.is_some_and(|earlier| !self.lanes.knows(&LaneKey::of(item), earlier))
    }

    /// Has what there is read from the journal, from its beginning.
    fn read_on(&mut self) {
        self.looks.clear();
        self.fresh.clear();
        self.cursor = Some(0);
    }

    /// Looks at what was told: a delivery that is new here takes its place, and of one that is not, or
    /// whose client's lane rests, the lane is read anew: something has changed about it. What the
    /// client's earlier papers brought goes before it, told or not: hubs are heard in no order.
    async fn look_at(&mut self) {
        if self.looks.is_empty() {
            return;
        }
        let (places, mut fresh) =
            (std::mem::take(&mut self.looks), std::mem::take(&mut self.fresh));
        let at_hand: BTreeSet<i64> = fresh.keys().copied().collect();
        let system = self.system.clone();
        let read = self.flow.journal.read(move |c| looked_at(c, &system, &places, &at_hand));
        let LookedAt { found, beside, messages } = match read.await {
            Ok(read) => read,
            Err(error) => {
                tracing::error!(%error, system = %self.system, "cannot look at what was told");
                self.cursor = Some(0);
                return;
            }
        };
        let now = self.flow.clock.now();
        let carried = self.carried(messages);
        let mut changed = BTreeSet::new();
        let message_of = |delivery: &Delivery| carried.get(&delivery.message).cloned();
        for delivery in beside {
            let message = message_of(&delivery);
            self.lanes.insert(Item::from(delivery).with(message), now);
        }
        for delivery in found {
            if self.is_old(&delivery) {
                continue;
            }
            let goes = matches!(delivery.state, State::Ready | State::Sending);
            let message = message_of(&delivery);
            let item = fresh.remove(&delivery.seq);
            let item = item.unwrap_or_else(|| Item::from(delivery).with(message));
            let key = LaneKey::of(&item);
            if goes && !self.lanes.knows(&key, item.seq) {
                self.lanes.insert(item, now);
            } else {
                changed.insert(key);
            }
        }
        self.refresh(changed.into_iter().collect()).await;
    }

    /// Whether what the journal says of a delivery is known here: it has ended, is with a sender, or is held
    /// as it is there. Of a lane that rests, everything is news.
    fn is_old(&self, delivery: &Delivery) -> bool {
        let key = LaneKey::about(delivery.subject.as_ref(), delivery.seq);
        !self.lanes.rests(&key)
            && match delivery.state {
                State::Ready => self.lanes.holds(&key, delivery.seq, delivery.due),
                State::Sending => self.lanes.sends(&key, delivery.seq),
                state => !state.is_pending(),
            }
    }

    /// Messages with their records in memory, by their places.
    fn carried(&self, messages: Vec<read::Message>) -> HashMap<i64, Arc<Carried>> {
        let region = self.flow.region();
        let read =
            |message: read::Message| Some((message.seq, Carried::read(message, &region).ok()?));
        messages.into_iter().filter_map(read).collect()
    }

    /// Takes over what the journal has of lanes.
    async fn refresh(&mut self, keys: Vec<LaneKey>) {
        if keys.is_empty() {
            return;
        }
        let (system, asked) = (self.system.clone(), keys.clone());
        let found = self.flow.journal.read(move |c| {
            asked.iter().map(|key| pending_in(c, &system, key)).collect::<Result<Vec<_>, _>>()
        });
        let found = found.await;
        let now = self.flow.clock.now();
        match found {
            Ok(found) => {
                for (key, found) in keys.iter().zip(found) {
                    let found = found.into_iter().filter_map(|delivery| to_decide(delivery, now));
                    self.lanes.refresh(key, found.collect(), now);
                }
            }
            Err(error) => {
                tracing::error!(%error, system = %self.system, "cannot read what pends");
                keys.iter().for_each(|key| self.lanes.rest(key, now + SWEEP));
            }
        }
    }
}
