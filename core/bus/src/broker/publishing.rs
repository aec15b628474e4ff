//! The way in: hints with their confirms.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use lapin::{Channel, Confirmation, message::BasicReturnMessage, options::BasicPublishOptions};
use luotsi_model::SystemId;
use tokio::time::{Instant, timeout_at};

use super::{
    Condition, Hint, Shared, hint,
    link::{LATE, Link, confirming, told},
    topology::{Names, short},
};

/// How long a broker may take to confirm. One that is alive and well needs milliseconds.
const ANNOUNCE_TIME_MAX: Duration = Duration::from_secs(5);
/// After this nothing more is begun, so that a long announcement on a slow machine is not taken for
/// a broker that is dead.
const BEGIN_TIME_MAX: Duration = Duration::from_millis(2500);
/// Hints under way at once: what is confirmed is known in steps of so many.
const UNDER_WAY_MAX: usize = 500;

/// What has become of a batch so far.
#[derive(Default)]
struct Outcome {
    confirmed: Vec<i64>,
    returned: BTreeSet<i64>,
    /// Lanes whose queue is not there.
    lost: BTreeSet<SystemId>,
    /// Not everything of it has come to its end.
    is_cut_off: bool,
}

pub(super) async fn announce(shared: &Shared, hints: Vec<Hint>) -> Vec<i64> {
    let Some(link) = shared.link() else { return Vec::new() };
    let deadline = Instant::now() + ANNOUNCE_TIME_MAX;
    // One at a time: what is returned is told apart within a batch only.
    let turn = timeout_at(deadline, link.confirming.lock()).await;
    let Ok(mut kept) = turn else { return Vec::new() };
    let mut conditions = shared.condition.subscribe();
    let is_blocked = |condition: &Condition| matches!(condition, Condition::Blocked { .. });
    let mut outcome = Outcome::default();
    let batch = batch(shared, &link, &mut kept, hints, &mut outcome);
    let ended = tokio::select! {
        biased;
        // Blocked, it answers nothing, and is kept: a new connection would not know of the alarm.
        _ = conditions.wait_for(is_blocked) => Err(None),
        () = link.broken.cancelled() => Err(None),
        ended = timeout_at(deadline, batch) => match ended {
            Ok(ended) => ended.map_err(|error| Some(told(&error))),
            Err(_) => Err(Some(LATE.to_owned())),
        },
    };
    if let Err(broke) = ended {
        outcome.is_cut_off = true;
        broke.into_iter().for_each(|why| link.give_up(why));
    }
    if let Some(lane) = outcome.lost.iter().find(|lane| shared.lanes().contains(lane)) {
        link.give_up(format!("the queue of the lane {lane} is gone: it is declared anew"));
    }
    outcome.settled()
}

async fn batch(
    shared: &Shared,
    link: &Link,
    kept: &mut Option<Channel>,
    hints: Vec<Hint>,
    outcome: &mut Outcome,
) -> lapin::Result<()> {
    let begin_until = Instant::now() + BEGIN_TIME_MAX;
    // Out of its place until all is confirmed, so that a channel with something under way is not
    // used again.
    let channel = match kept.take().filter(|channel| channel.status().connected()) {
        Some(channel) => channel,
        None => confirming(&link.publishing).await?,
    };
    let names = Names::new(shared.settings.prefix());
    for some in hints.chunks(UNDER_WAY_MAX) {
        if Instant::now() > begin_until {
            break;
        }
        publish(&channel, &names, some, outcome).await?;
    }
    *kept = Some(channel);
    Ok(())
}

async fn publish(
    channel: &Channel,
    names: &Names<'_>,
    hints: &[Hint],
    outcome: &mut Outcome,
) -> lapin::Result<()> {
    let mandatory = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let mut under_way = Vec::new();
    for (lane, places) in by_lane(hints) {
        // What has no name at the broker has no queue there.
        let (Ok(exchange), Ok(key)) = (short(&names.lanes()), short(lane.as_str())) else {
            continue;
        };
        for some in places.chunks(hint::PLACES_MAX) {
            let (exchange, key) = (exchange.clone(), key.clone());
            let (body, properties) = (hint::body(some), hint::properties());
            let sent = channel.basic_publish(exchange, key, mandatory, body.as_bytes(), properties);
            under_way.push((some.to_vec(), sent.await?));
        }
    }
    for (places, confirm) in under_way {
        let confirmation = confirm.await?;
        if confirmation.is_ack() {
            outcome.confirmed.extend(places);
        }
        if let Confirmation::Ack(Some(back)) | Confirmation::Nack(Some(back)) = confirmation {
            outcome.returned(&back);
        }
    }
    Ok(())
}

/// Each lane's places, in the order given.
fn by_lane(hints: &[Hint]) -> BTreeMap<&SystemId, Vec<i64>> {
    let mut lanes: BTreeMap<_, Vec<i64>> = BTreeMap::new();
    for Hint { lane, place } in hints {
        lanes.entry(lane).or_default().push(*place);
    }
    lanes
}

impl Outcome {
    /// The library hands a returned message out with whichever confirm comes next; which one it is,
    /// the message itself says.
    fn returned(&mut self, back: &BasicReturnMessage) {
        self.lost.insert(SystemId::new(back.routing_key.as_str()));
        match hint::read(&back.properties, &back.data) {
            Some(places) => self.returned.extend(places),
            None => self.is_cut_off = true,
        }
    }

    /// The places that are confirmed and not returned. In a batch that was cut off, one that was
    /// confirmed may have been returned with a confirm that never came: as soon as anything of it
    /// was returned, nothing of it counts.
    fn settled(self) -> Vec<i64> {
        if self.is_cut_off && !self.lost.is_empty() {
            return Vec::new();
        }
        self.confirmed.into_iter().filter(|place| !self.returned.contains(place)).collect()
    }
}
