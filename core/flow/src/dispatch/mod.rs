//! One destination's dispatcher: takes work from the bus and the journal, keeps each client's
//! deliveries in order, holds at most so many under way (bulkhead), and retries.
//!
//! It holds a window of the work in memory. What does not fit, what the bus dropped, and what was
//! there at the start is read from the journal: the dispatcher is *catching up* until a read finds
//! nothing more, and drops what the bus brings meanwhile, since the journal has it too.

mod lanes;
mod under_way;

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use luotsi_bus::{Consumer, Received, Wake};
use luotsi_journal::{Error, read};
use luotsi_model::{ClientRef, SystemId};
use luotsi_port::Outbound;
use tokio_util::sync::CancellationToken;

use crate::{
    Flow,
    send::{Carried, Item, Next, Sender},
};
use lanes::Lanes;
use under_way::{Returned, UnderWay};

/// Deliveries held in memory.
const WINDOW: usize = 2048;
/// How often waits past their deadline are looked for.
const SWEEP: SignedDuration = SignedDuration::from_secs(1);
/// How long a stopping dispatcher lets its sends finish; the hub's own drain bound is 30 s.
const DRAIN: Duration = Duration::from_secs(25);

struct Dispatcher {
    flow: Arc<Flow>,
    system: SystemId,
    concurrency_max: usize,
    lanes: Lanes,
    /// The place in the journal up to which it has caught up; `None`: it is up to date.
    cursor: Option<i64>,
    sweep: Timestamp,
}

/// Runs until `stop`, then lets what is under way finish.
pub(crate) async fn run(
    flow: Arc<Flow>,
    system: SystemId,
    outbound: Arc<dyn Outbound>,
    mut end: Consumer<Item>,
    stop: CancellationToken,
) {
    let concurrency_max = concurrency(&flow, &system);
    let now = flow.clock.now();
    let sender = Sender { flow: flow.clone(), system: system.clone(), outbound };
    let mut under_way = UnderWay::new(sender);
    let mut dispatcher = Dispatcher {
        flow,
        system,
        concurrency_max,
        lanes: Lanes::default(),
        cursor: Some(0),
        sweep: now,
    };
    while !stop.is_cancelled() {
        dispatcher.look().await;
        dispatcher.start_ready(&mut under_way);
        let wake = dispatcher.next_wake();
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            Some(returned) = under_way.next() => dispatcher.returned(returned),
            received = end.receive() => match received {
                Received::Wake(wake) => dispatcher.woken(wake).await,
                Received::Dropped => dispatcher.cursor = Some(0),
                Received::Closed => break,
            },
            () = dispatcher.flow.clock.sleep_until(wake) => {}
        }
        // What is there already is taken in one go: a turn of the loop costs more than its work.
        while let Some(returned) = under_way.next_now().await {
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
    /// Catches up and sweeps. A journal that cannot be read now will be asked again at the next
    /// sweep.
    async fn look(&mut self) {
        let now = self.flow.clock.now();
        if let Some(after) = self.cursor
            && self.lanes.len() < WINDOW / 2
        {
            match self.catch_up(after).await {
                Ok(()) => {}
                Err(error) => tracing::error!(%error, system = %self.system, "cannot catch up"),
            }
        }
        if now >= self.sweep {
            self.sweep = now + SWEEP;
            if let Err(error) = self.expire(now).await {
                tracing::error!(%error, system = %self.system, "cannot look for expired waits");
            }
        }
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
        let region = self.flow.region();
        let carried: HashMap<i64, _> = messages
            .into_iter()
            .filter_map(|message| Some((message.seq, Carried::read(message, &region).ok()?)))
            .collect();
        for delivery in found {
            let carried = carried.get(&delivery.message).cloned();
            self.lanes.insert(Item::from(delivery).with(carried));
        }
        Ok(())
    }

    /// Waits whose deadline has passed are attempted once more, which refuses them.
    async fn expire(&mut self, now: Timestamp) -> Result<(), Error> {
        let system = self.system.clone();
        let found = self.flow.journal.read(move |c| read::expired(c, &system, now, WINDOW)).await?;
        for delivery in found {
            self.lanes.insert(Item::from(delivery).due_at(now));
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

    fn next_wake(&self) -> Timestamp {
        self.lanes.next_due().map_or(self.sweep, |due| due.min(self.sweep))
    }

    fn returned(&mut self, (key, seq, next): Returned) {
        match next {
            Next::Done => self.lanes.done(&key, seq),
            Next::Again(item) => self.lanes.again(&key, item),
        }
    }

    async fn woken(&mut self, wake: Wake<Item>) {
        match wake {
            Wake::Fresh(_) if self.cursor.is_some() => {}
            Wake::Fresh(_) if self.lanes.len() >= WINDOW => self.cursor = Some(0),
            Wake::Fresh(item) => self.lanes.insert(item),
            Wake::Client(client) => self.reconsider(client).await,
        }
    }

    /// A client's directives have changed: everything that pends about her is decided anew, now.
    async fn reconsider(&mut self, client: ClientRef) {
        let system = self.system.clone();
        let asked = client.clone();
        match self.flow.journal.read(move |c| read::pending_of(c, &system, &asked)).await {
            Ok(found) => found.into_iter().for_each(|delivery| {
                self.lanes.hasten(&client, delivery.into());
            }),
            Err(error) => {
                tracing::error!(%error, system = %self.system, "cannot reconsider a client");
                self.cursor = Some(0);
            }
        }
    }
}
