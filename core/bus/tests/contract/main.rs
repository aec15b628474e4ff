//! What every bus promises, and what RabbitMQ promises beside.
//!
//! The cases ask only through [`Transport`]; a bus joins by one and a line at the end.

mod apart;
mod broken;
mod cases;
mod process;
mod rabbitmq;
mod receipts;
mod shape;
mod tls;

use std::time::Duration;

/// How long anything may take before a test gives it up, a broker's coming back included.
pub(crate) const LONG: Duration = luotsi_tests::broker::BACK;

/// One bus.
pub(crate) trait Transport: Sized {
    type Ear: Ear;
    /// A bus of its own with these lanes; `None` where this machine has no such bus.
    async fn new(lanes: &[&str]) -> Option<Self>;
    /// Tells a lane of these places. Whether it was taken is for the bus's own tests.
    async fn tell(&self, lane: &str, places: &[i64]);
    /// Begins to hear a lane.
    async fn hear(&self, lane: &str) -> Self::Ear;
    /// Leaves nothing behind.
    async fn end(self);
}

/// Who hears a lane.
pub(crate) trait Ear {
    /// The next thing heard, taken at once.
    async fn next(&mut self) -> Told;
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Told {
    Places(Vec<i64>),
    /// Something may have been missed: look into the journal.
    Look,
    /// Another hears from now on.
    Over,
}

/// What is wanted within the time that anything may take.
pub(crate) async fn soon<T>(what: &str, wanted: impl Future<Output = T>) -> T {
    let wanted = tokio::time::timeout(LONG, wanted).await;
    wanted.unwrap_or_else(|_| panic!("{what}: not within {LONG:?}"))
}

macro_rules! suite {
    ($bus:ident: $transport:ty; $($case:ident),+ $(,)?) => {
        mod $bus {
            use crate::Transport;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let lanes = ["malli-a", "malli-b"];
                let Some(bus) = <$transport>::new(&lanes).await else { return };
                crate::cases::$case(&bus).await;
                bus.end().await;
            })+
        }
    };
}

macro_rules! every_bus {
    ($($bus:ident: $transport:ty),+ $(,)?) => {
        $(suite! {
            $bus: $transport;
            what_is_told_is_heard_in_its_lane_and_nowhere_else,
            the_order_of_a_lane_holds,
            a_flood_holds_nobody_up_and_what_is_dropped_is_told,
            one_of_two_hears,
            whoever_comes_after_goes_on,
        })+
    };
}

every_bus! {
    in_process: crate::process::InProcess,
    over_rabbitmq: crate::rabbitmq::OverRabbitMq,
}
