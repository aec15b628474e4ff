//! Who sent, and whether it was its turn.

use luotsi_tests::{
    fleet::Fleet,
    load::account::{Account, Arrival},
};
use serde_json::Value;

/// A hub took a lane on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Taken {
    epoch: i64,
    /// µs since 1970.
    at: i64,
    hub: usize,
}

/// Everybody who took a lane on, in order, as the hubs' logs have it.
fn taken(fleet: &Fleet, lane: &str) -> Vec<Taken> {
    let of_hub = |(hub, log): (usize, String)| {
        let lines: Vec<Taken> = log
            .lines()
            .filter(|line| line.contains("\"taken on\""))
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|line| line["lane"] == lane)
            .map(|line| {
                let at = line["timestamp"].as_str().and_then(|at| at.parse().ok());
                let at: jiff::Timestamp = at.expect("a line of the log has a time");
                let epoch = line["epoch"].as_i64().expect("an owner has an epoch");
                Taken { epoch, at: at.as_microsecond(), hub }
            })
            .collect();
        lines
    };
    let logs = fleet.hubs.iter().map(luotsi_tests::hub::Hub::log).enumerate();
    let mut all: Vec<_> = logs.flat_map(of_hub).collect();
    all.sort_unstable();
    all
}

/// Who works a lane, and its epoch.
pub(crate) fn owner(fleet: &Fleet, lane: &str) -> Option<(usize, i64)> {
    taken(fleet, lane).last().map(|last| (last.hub, last.epoch))
}

/// What came to a system came from the hub whose turn it was: of one that was taken for gone nothing
/// came once another had taken the lane on. Gives how often it changed hands.
pub(crate) fn one_sends_at_a_time(fleet: &Fleet, account: &Account) -> usize {
    let mut hands = 0;
    for (lane, arrivals) in
        [("to:malli-ry", &account.provider), ("to:home-care", &account.home_care)]
    {
        let taken = taken(fleet, lane);
        hands += taken.windows(2).filter(|two| two[0].hub != two[1].hub).count();
        arrivals.iter().for_each(|arrival| is_its_turn(lane, &taken, arrival));
    }
    hands
}

fn is_its_turn(lane: &str, taken: &[Taken], arrival: &Arrival) {
    let turn = taken.iter().rfind(|taken| taken.at <= arrival.at);
    let Some(turn) = turn else { panic!("{lane}: {} before anybody's turn", arrival.reference) };
    assert_eq!(
        arrival.door,
        turn.hub + 1,
        "{lane}: {} came by that door {} µs after epoch {} was taken on by hub {}",
        arrival.reference,
        arrival.at - turn.at,
        turn.epoch,
        turn.hub
    );
}
