//! Keeps a link: opens one, watches it, throws it away when anything of it breaks, opens another.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use lapin::Event;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::{
    Condition, Shared,
    backoff::Backoff,
    link::{ANSWER_TIME_MAX, GONE, LATE, Link, told},
};

/// How often a link is looked at that says nothing.
const LOOK: Duration = Duration::from_secs(1);

/// Until told to stop.
pub(super) async fn keep(shared: Arc<Shared>) {
    let mut backoff = Backoff::new();
    while let Some(why) = attempt(&shared, &mut backoff).await {
        shared.is(Condition::Away { why });
        tokio::select! {
            () = shared.stop.cancelled() => break,
            () = sleep(backoff.pause()) => {}
        }
    }
    // Nobody needs to hear of that in the log.
    shared.condition.send_replace(Condition::Away { why: "the hub is stopping".to_owned() });
}

/// One link from its beginning to its end: why it ended; `None`: told to stop.
async fn attempt(shared: &Arc<Shared>, backoff: &mut Backoff) -> Option<String> {
    let opened = tokio::select! {
        biased;
        () = shared.stop.cancelled() => return None,
        opened = timeout(ANSWER_TIME_MAX, Link::open(&shared.settings)) => opened,
    };
    match opened.unwrap_or_else(|_| Err(LATE.to_owned())) {
        Ok(link) => {
            backoff.connected();
            let why = serve(shared, &link).await;
            backoff.broke();
            why
        }
        Err(why) => Some(why),
    }
}

async fn serve(shared: &Arc<Shared>, link: &Arc<Link>) -> Option<String> {
    link.declare_lanes(shared).await;
    if !link.broken.is_cancelled() {
        shared.link.send_replace(Some(link.clone()));
        // Lanes that were added before it was there for all to see.
        link.declare_lanes(shared).await;
    }
    let ended = tokio::select! {
        biased;
        () = shared.stop.cancelled() => None,
        why = link.broke() => Some(why),
        why = watch(shared, link) => Some(why),
    };
    shared.link.send_replace(None);
    link.give_up(ended.clone().unwrap_or_default());
    if let Some(why) = &ended {
        shared.is(Condition::Away { why: why.clone() });
    }
    link.close().await;
    ended
}

/// Tells how the broker is until the link breaks: why.
async fn watch(shared: &Shared, link: &Link) -> String {
    let mut events = Box::pin(link.publishing.events_listener().fuse());
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut alarm = "a memory or disk alarm".to_owned();
    loop {
        tokio::select! {
            Some(event) = events.next() => match event {
                Event::ConnectionBlocked(why) => alarm = why,
                Event::Error(error) => return told(&error),
                _ => {}
            },
            _ = look.tick() => {}
        }
        if !link.is_connected() {
            return GONE.to_owned();
        }
        shared.is(match link.publishing.status().blocked() {
            true => Condition::Blocked { why: alarm.clone() },
            false => Condition::Ready,
        });
    }
}
