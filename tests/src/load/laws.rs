//! What must hold between ledger, bytes and journal.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    account::{Account, Arrival},
    ledger::{Line, Mind, Will},
};
use crate::journal::{self, DELIVERED, ENDS, REFUSED};

/// Holds all of them.
///
/// # Panics
/// When one does not hold.
pub fn hold(account: &Account) {
    nothing_is_lost(account);
    answers_arrived(account);
    for arrivals in [&account.provider, &account.home_care] {
        repeats_have_one_id(arrivals);
        order_is_kept(arrivals);
        intents_come_first(account, arrivals);
    }
    withdrawals_hold(account);
    each_delivery_has_one_end(account);
    what_was_withdrawn_is_recalled(account);
}

/// Every message acknowledged is there once, and at each recipient that may have it.
fn nothing_is_lost(account: &Account) {
    let by_message = account.by_message();
    let taken = |arrivals: &[Arrival]| -> BTreeSet<String> {
        arrivals.iter().filter(|a| a.answered == 200).map(|a| a.delivery.clone()).collect()
    };
    let (provider, home_care) = (taken(&account.provider), taken(&account.home_care));
    let mut acked = account.tasks.len();
    for line in account.ledger.0.values() {
        let late = usize::from(line.mind == Mind::Never);
        acked += line.referrals.len() + line.wills.len() + late;
        for (reference, message) in &line.referrals {
            let to = &by_message[message.as_str()];
            let names: Vec<_> = to.keys().copied().collect();
            assert_eq!(names, ["home-care", "malli-ry", "plan"], "{reference}");
            assert_eq!((to["home-care"].state, to["plan"].state), (DELIVERED, DELIVERED));
            assert!(home_care.contains(&to["home-care"].id), "{reference} at home care");
            let state = to["malli-ry"].state;
            let may_be_refused = line.mind == Mind::Changing && state == REFUSED;
            assert!(may_be_refused || state == DELIVERED, "{reference}: {:?}", to["malli-ry"]);
            if state == DELIVERED {
                assert!(provider.contains(&to["malli-ry"].id), "{reference} at the provider");
            }
        }
    }
    let kept = acked + account.refusals().count() + account.notices().count();
    assert_eq!(account.messages, kept as i64, "what was acknowledged is what was kept");
}

/// Every answer acknowledged reaches whoever asked, and the plan; every refusal reaches whoever
/// asked, by one message of the hub's own.
fn answers_arrived(account: &Account) {
    let to_serena = account.deliveries.iter().filter(|d| d.destination == "serena");
    let ids: BTreeSet<_> = to_serena.map(|d| d.id.clone()).collect();
    assert_eq!(ids, account.told, "each status once, by its id");
    assert_eq!(ids.len(), account.tasks.len() + account.refusals().count());
    let accepted = account.deliveries.iter().filter(|d| d.task == "accepted");
    assert_eq!(accepted.map(|d| d.id.clone()).collect::<BTreeSet<_>>(), account.tasks);
    let plan = account.deliveries.iter().filter(|d| d.destination == "plan");
    assert!(plan.clone().all(|d| d.state == DELIVERED));
    let referrals: usize = account.ledger.0.values().map(|line| line.referrals.len()).sum();
    assert_eq!(plan.count(), referrals + account.tasks.len());
}

/// A recipient that drops repeats by id sees each referral once.
fn repeats_have_one_id(arrivals: &[Arrival]) {
    let mut ids = BTreeMap::new();
    for arrival in arrivals {
        let known = ids.entry(&arrival.reference).or_insert(&arrival.delivery);
        assert_eq!(*known, &arrival.delivery, "{}", arrival.reference);
    }
}

/// References count up, so in each client's line those that come for the first time must too:
/// among all requests, and among those that were taken.
fn order_is_kept(arrivals: &[Arrival]) {
    let taken = |arrival: &&Arrival| arrival.answered == 200;
    let firsts = |all: Vec<&Arrival>| {
        let mut seen = BTreeSet::new();
        let mut last: BTreeMap<u64, &str> = BTreeMap::new();
        for arrival in all.into_iter().filter(|a| seen.insert(a.reference.as_str())) {
            let before = last.insert(arrival.client, &arrival.reference).unwrap_or_default();
            assert!(before < arrival.reference.as_str(), "{} after {before}", arrival.reference);
        }
    };
    firsts(arrivals.iter().collect());
    firsts(arrivals.iter().filter(taken).collect());
}

/// The journal outlived every kill, so an intent that is in it was durable. Each request has one of
/// its own, from before its first byte.
fn intents_come_first(account: &Account, arrivals: &[Arrival]) {
    let mut so_far: BTreeMap<&str, usize> = BTreeMap::new();
    for arrival in arrivals {
        let nth = so_far.entry(&arrival.delivery).or_default();
        *nth += 1;
        let log = account.log.get(&arrival.delivery).map_or(&[][..], Vec::as_slice);
        let intents = log.iter().filter(|e| e["phase"] == "intent" && journal::at(e) <= arrival.at);
        let intents = intents.count();
        assert!(intents >= *nth, "{}: request {nth}, {intents} intents", arrival.reference);
    }
}

/// After an acknowledged withdrawal nothing comes any more but what it counted as under way.
fn withdrawals_hold(account: &Account) {
    for (client, line) in &account.ledger.0 {
        for (from, to, in_flight) in withdrawn(line) {
            let own = account.provider.iter().filter(|a| a.client == *client);
            let late = own.filter(|a| a.at > from && a.at < to).count() as u64;
            assert!(late <= in_flight, "{late} after a withdrawal with {in_flight} under way");
        }
    }
}

/// Whatever came before a withdrawal is recalled, and each notice is of one recall. What was sent
/// again on a later consent is recalled again with that.
fn what_was_withdrawn_is_recalled(account: &Account) {
    let recalled: BTreeSet<_> = account.recalled.iter().collect();
    assert!(account.notices().count() <= account.recalled.len());
    assert!(account.notices().all(|notice| notice.state == DELIVERED));
    for (client, line) in &account.ledger.0 {
        let Some(last) = withdrawn(line).map(|(from, ..)| from).max() else { continue };
        for arrival in account.provider.iter().filter(|a| a.client == *client && a.at < last) {
            assert!(recalled.contains(&arrival.delivery), "{} is not recalled", arrival.reference);
        }
    }
}

/// From when until when the client's consent was withdrawn, and how many sends were under way.
fn withdrawn(line: &Line) -> impl Iterator<Item = (i64, i64, u64)> {
    line.wills.iter().enumerate().filter_map(|(at, will)| {
        let Will::Withdrawn { acked, in_flight } = *will else { return None };
        match line.wills.get(at + 1) {
            Some(Will::Given { posted }) => Some((acked, *posted, in_flight)),
            _ => Some((acked, i64::MAX, in_flight)),
        }
    })
}

/// Delivered once or refused once, each attempt with one outcome, and nothing after the end.
fn each_delivery_has_one_end(account: &Account) {
    for delivery in &account.deliveries {
        assert!(ENDS.contains(&delivery.state), "{delivery:?}");
        let log = &account.log[&delivery.id];
        let story: Vec<String> = log
            .iter()
            .map(|entry| match (entry["phase"].as_str(), entry["result"].as_str()) {
                (Some("outcome"), Some("delivered")) => "d",
                (Some("outcome"), Some("failed" | "unreached" | "interrupted")) => "o",
                (Some("intent"), None) => "i",
                (Some("wait"), _) => "w",
                (Some("refusal"), _) => "r",
                other => panic!("{other:?} in the log"),
            })
            .map(str::to_owned)
            .collect();
        let story = story.concat();
        let rest = story.trim_start_matches('w').replace("io", "").replace('w', "");
        let wanted = if delivery.state == DELIVERED { "id" } else { "r" };
        assert_eq!(rest, wanted, "{story}: {delivery:?}");
    }
}
