//! The way out: a lane's hints, over however many connections.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt, future::BoxFuture};
use lapin::{
    Channel, Consumer,
    message::Delivery,
    options::{BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions},
    types::FieldTable,
};
use luotsi_model::SystemId;
use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::sync::DropGuard;

use super::{
    Shared,
    backoff::Backoff,
    hint,
    link::{ANSWER_TIME_MAX, GONE, LATE, Link, told},
    topology::{Names, short},
};

/// Messages that the broker sends ahead of their acknowledgement.
const PREFETCH: u16 = 8;
/// How often a channel is looked at that says nothing.
const LOOK: Duration = Duration::from_secs(1);
/// How long an acknowledgement may take to be on its way.
const TAKEN_TIME_MAX: Duration = Duration::from_secs(5);

/// One consumer of a lane.
pub struct Hearing {
    heard: mpsc::Receiver<Heard>,
    _gone: Option<DropGuard>,
}

/// What a consumer hears.
#[derive(Debug)]
pub enum Heard {
    /// Everything that was there already, in the order of its announcement; at most 1,024
    /// places.
    Hints {
        /// Places of deliveries in the journal.
        places: Vec<i64>,
        /// To be given back when they are in good hands.
        receipt: Receipt,
    },
    /// The link is new: what was announced before may never be heard, so look into the journal.
    Missed,
}

/// Hints that nobody has answered for yet. Dropped, they come again: soon, and after what has been
/// sent meanwhile.
pub struct Receipt(BoxFuture<'static, ()>);

/// What RabbitMQ has sent and knows nothing of yet.
struct Open {
    tags: Vec<u64>,
    settle: mpsc::UnboundedSender<Settlement>,
}

#[derive(Debug)]
struct Settlement {
    /// In order.
    tags: Vec<u64>,
    /// None: they are to come again.
    taken: Option<oneshot::Sender<()>>,
}

impl Hearing {
    /// Hears what is told at the other end, which is closed when this is dropped.
    pub const fn new(heard: mpsc::Receiver<Heard>) -> Self {
        Self { heard, _gone: None }
    }

    pub(super) fn start(shared: &Arc<Shared>, lane: SystemId) -> Self {
        shared.lanes().insert(lane.clone());
        let gone = shared.stop.child_token();
        // One batch waits; what comes meanwhile waits for the next, which is one again.
        let (told, heard) = mpsc::channel(1);
        let listener = Listener { shared: shared.clone(), lane, told };
        shared.tasks.spawn(gone.clone().run_until_cancelled_owned(listener.run()));
        Self { heard, _gone: Some(gone.drop_guard()) }
    }

    /// The next thing heard. Cancelling it loses nothing. After the broker was stopped: never.
    pub async fn next(&mut self) -> Heard {
        match self.heard.recv().await {
            Some(heard) => heard,
            None => std::future::pending().await,
        }
    }
}

impl Receipt {
    /// `taking` says to whoever sent the hints that they are taken. Dropped before it has begun, it
    /// says that they are not.
    pub fn new(taking: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Box::pin(taking))
    }

    /// Says that the hints need not come again. When the link broke meanwhile they do.
    pub async fn taken(self) {
        self.0.await;
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receipt")
    }
}

impl Open {
    async fn taken(mut self) {
        let (done, is_done) = oneshot::channel();
        let settlement = Settlement { tags: std::mem::take(&mut self.tags), taken: Some(done) };
        if self.settle.send(settlement).is_ok() {
            let _ = timeout(TAKEN_TIME_MAX, is_done).await;
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let tags = std::mem::take(&mut self.tags);
        if !tags.is_empty() {
            let _ = self.settle.send(Settlement { tags, taken: None });
        }
    }
}

struct Listener {
    shared: Arc<Shared>,
    lane: SystemId,
    told: mpsc::Sender<Heard>,
}

/// A consumer with the channel that it hangs on.
struct Ear {
    channel: Channel,
    consumer: Consumer,
    settle: mpsc::UnboundedSender<Settlement>,
    settlements: mpsc::UnboundedReceiver<Settlement>,
    /// Told and not settled.
    unsettled: BTreeSet<u64>,
    /// To be told: tag and places.
    arrived: Vec<(u64, Vec<i64>)>,
}

impl Listener {
    async fn run(self) {
        let mut links = self.shared.link.subscribe();
        let mut backoff = Backoff::new();
        loop {
            let is_whole = |link: &Option<Arc<Link>>| {
                link.as_ref().is_some_and(|link| !link.broken.is_cancelled())
            };
            let link = match links.wait_for(is_whole).await {
                Ok(link) => link.clone(),
                Err(_) => return,
            };
            let Some(link) = link else { continue };
            backoff.connected();
            let why = tokio::select! {
                biased;
                () = link.broken.cancelled() => continue,
                why = self.listen(&link) => why,
            };
            tracing::warn!(lane = %self.lane, why, "not hearing");
            backoff.broke();
            sleep(backoff.pause()).await;
        }
    }

    /// Until something breaks: what.
    async fn listen(&self, link: &Link) -> String {
        let opened = timeout(ANSWER_TIME_MAX, self.open(link)).await;
        match opened.unwrap_or_else(|_| Err(LATE.to_owned())) {
            Ok(ear) => match self.hear(ear).await {
                Ok(()) => GONE.to_owned(),
                Err(why) => why,
            },
            Err(why) => {
                // Its queue may be gone, which only a new link mends.
                link.give_up(why.clone());
                why
            }
        }
    }

    async fn open(&self, link: &Link) -> Result<Ear, String> {
        link.declare_lanes(&self.shared).await;
        let queue = Names::new(self.shared.settings.prefix()).lane(&self.lane);
        let queue = short(&queue).map_err(|refused| refused.to_string())?;
        let channel = link.consuming.create_channel().await.map_err(|e| told(&e))?;
        let qos = channel.basic_qos(PREFETCH, BasicQosOptions::default());
        qos.await.map_err(|e| told(&e))?;
        let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
        let consumer = channel.basic_consume(queue, "".into(), options, none);
        let consumer = consumer.await.map_err(|e| told(&e))?;
        let (settle, settlements) = mpsc::unbounded_channel();
        let (unsettled, arrived) = (BTreeSet::new(), Vec::new());
        Ok(Ear { channel, consumer, settle, settlements, unsettled, arrived })
    }

    async fn hear(&self, mut ear: Ear) -> Result<(), String> {
        if self.told.send(Heard::Missed).await.is_err() {
            return Ok(());
        }
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_waiting = !ear.arrived.is_empty();
            tokio::select! {
                biased;
                Some(settlement) = ear.settlements.recv() => {
                    let settling = timeout(ANSWER_TIME_MAX, ear.settle(settlement));
                    settling.await.map_err(|_| LATE)?.map_err(|e| told(&e))?;
                }
                permit = self.told.reserve(), if is_waiting => {
                    let Ok(permit) = permit else { return Ok(()) };
                    while let Some(next) = ear.consumer.next().now_or_never() {
                        self.arrives(&mut ear, next).await?;
                    }
                    permit.send(ear.tell());
                }
                next = ear.consumer.next(), if !is_waiting => self.arrives(&mut ear, next).await?,
                _ = look.tick() => {}
            }
            // The stream of a consumer does not always end when its channel does.
            if !ear.channel.status().connected() {
                return Err(GONE.to_owned());
            }
        }
    }

    async fn arrives(
        &self,
        ear: &mut Ear,
        next: Option<lapin::Result<Delivery>>,
    ) -> Result<(), String> {
        let delivery = next.ok_or("the broker ended the consumer")?.map_err(|e| told(&e))?;
        match hint::read(&delivery.properties, &delivery.data) {
            Some(places) => ear.arrived.push((delivery.delivery_tag, places)),
            None => {
                self.shared.strangers.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                tracing::warn!(
                    lane = %self.lane,
                    "a message in the lane's queue is no hint of a hub's: to the dead letters"
                );
                let options = BasicNackOptions { multiple: false, requeue: false };
                let rejected = ear.channel.basic_nack(delivery.delivery_tag, options);
                rejected.await.map_err(|e| told(&e))?;
            }
        }
        Ok(())
    }
}

impl Ear {
    fn tell(&mut self) -> Heard {
        let (tags, places): (Vec<_>, Vec<_>) = self.arrived.drain(..).unzip();
        self.unsettled.extend(&tags);
        let open = Open { tags, settle: self.settle.clone() };
        Heard::Hints { places: places.concat(), receipt: Receipt::new(open.taken()) }
    }

    /// In one go where no earlier one is still open, else one by one.
    async fn settle(&mut self, Settlement { tags, taken }: Settlement) -> lapin::Result<()> {
        for tag in &tags {
            self.unsettled.remove(tag);
        }
        let Some(last) = tags.last() else { return Ok(()) };
        let multiple = self.unsettled.first().is_none_or(|open| open > last);
        let tags = if multiple { std::slice::from_ref(last) } else { &tags };
        for tag in tags {
            match &taken {
                Some(_) => self.channel.basic_ack(*tag, BasicAckOptions { multiple }).await?,
                None => {
                    let options = BasicNackOptions { multiple, requeue: true };
                    self.channel.basic_nack(*tag, options).await?;
                }
            }
        }
        if let Some(done) = taken {
            let _ = done.send(());
        }
        Ok(())
    }
}
