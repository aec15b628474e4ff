//! Senders that insist, and a provider that answers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::Value;

use super::ledger::{Ledger, Line, Mind, Will, reference};
use crate::{
    dice::Dice,
    documents::{self, Referral, Scope},
    http::Answer,
    journal::REFUSED,
    people,
    stage::Stage,
    standin, wait,
};

/// How long a sender insists: what it meets meanwhile may be down for long.
const INSISTS: Duration = Duration::from_secs(180);

/// The load on hubs that come and go.
pub struct Load<'w> {
    stage: Stage<'w>,
    acked: AtomicU64,
    /// With 503, by code.
    turned_away: Mutex<BTreeMap<String, u64>>,
    /// Withdrawals that are posted and not acknowledged.
    withdrawing: AtomicU64,
    /// How seldom a client who may change her mind does instead of being referred.
    change_once_in: u64,
}

/// A client to be.
pub struct Client {
    number: u64,
    mind: Mind,
}

impl Client {
    /// So many from `first`, of all minds.
    pub fn some(first: u64, count: u64) -> Vec<Self> {
        Self::of_minds(first, count, &[Mind::Always, Mind::Never, Mind::Changing])
    }

    /// So many from `first`, of these minds by turns.
    pub fn of_minds(first: u64, count: u64, minds: &[Mind]) -> Vec<Self> {
        let mind = |number: u64| minds[number as usize % minds.len()];
        (first..first + count).map(|number| Self { number, mind: mind(number) }).collect()
    }
}

impl<'w> Load<'w> {
    /// On these hubs; a client who may change her mind does so once in so many times.
    pub const fn new(stage: Stage<'w>, change_once_in: u64) -> Self {
        let (acked, withdrawing) = (AtomicU64::new(0), AtomicU64::new(0));
        let turned_away = Mutex::new(BTreeMap::new());
        Self { stage, acked, turned_away, withdrawing, change_once_in }
    }

    /// What it meets.
    pub const fn stage(&self) -> &Stage<'w> {
        &self.stage
    }

    /// How many withdrawals are posted and not acknowledged at this moment.
    pub fn withdrawing(&self) -> u64 {
        self.withdrawing.load(Ordering::Acquire)
    }

    /// How much was acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.acked.load(Ordering::Relaxed)
    }

    /// How often somebody was turned away with 503.
    pub fn turned_away(&self) -> u64 {
        self.away().values().sum()
    }

    /// How often with this code.
    pub fn turned_away_as(&self, code: &str) -> u64 {
        self.away().get(code).copied().unwrap_or_default()
    }

    fn away(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.turned_away.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much has happened: acknowledgements, and requests at the provider.
    pub fn happened(&self) -> u64 {
        self.acked.load(Ordering::Relaxed) + self.stage.malli_ry.count()
    }

    /// Posts one document until it is acknowledged, whatever becomes of the hubs meanwhile.
    ///
    /// # Panics
    /// When it is refused, or not acknowledged for long.
    pub fn insist(&self, system: &str, key: &str, document: &str) -> Value {
        let answer = self.post_until_answered(system, key, document);
        assert_eq!(answer.status, 202, "{key}: {}", answer.text());
        self.acked.fetch_add(1, Ordering::Relaxed);
        answer.json()
    }

    fn post_until_answered(&self, system: &str, key: &str, document: &str) -> Answer {
        // Each begins at another hub, and goes round.
        let mut turn = key.bytes().map(usize::from).sum::<usize>();
        wait::within(INSISTS, "an acknowledgement", || {
            turn += 1;
            let answer = self.stage.post(turn, system, key, document).ok()?;
            if answer.status != 503 {
                return Some(answer);
            }
            let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
            *self.away().entry(code).or_default() += 1;
            None
        })
    }

    /// Sends about its clients until it is told to stop.
    ///
    /// # Panics
    /// When something is refused.
    pub fn send(&self, clients: Vec<Client>, mut dice: Dice, stop: &AtomicBool) -> Ledger {
        let mut ledger = Ledger(clients.into_iter().map(|c| (c.number, line(&c))).collect());
        for (number, line) in &mut ledger.0 {
            if line.mind != Mind::Never {
                self.give(*number, line);
            }
        }
        let numbers: Vec<u64> = ledger.0.keys().copied().collect();
        while !stop.load(Ordering::Acquire) {
            let number = *dice.one(&numbers);
            let Some(line) = ledger.0.get_mut(&number) else { continue };
            match line.mind {
                Mind::Changing if dice.once_in(self.change_once_in) => self.change(number, line),
                _ => self.refer(number, line),
            }
        }
        ledger
    }

    fn refer(&self, client: u64, line: &mut Line) {
        let reference = reference(client, line.referrals.len());
        let document = Referral::to_peer_support(&reference, &line.hetu).xml();
        let receipt = self.insist("serena", &reference, &document);
        let message = receipt["message"].as_str().expect("a receipt names the message");
        line.referrals.push((reference, message.to_owned()));
    }

    fn change(&self, client: u64, line: &mut Line) {
        if matches!(line.wills.last(), Some(Will::Given { .. })) {
            let turn = line.wills.len();
            let (id, withdrawn) = (consent(client, turn), consent(client, turn - 1));
            let document = documents::withdrawal(&id, &line.hetu, &withdrawn);
            self.withdrawing.fetch_add(1, Ordering::AcqRel);
            let receipt = self.insist("serena", &id, &document);
            self.withdrawing.fetch_sub(1, Ordering::AcqRel);
            let in_flight = receipt["in_flight"].as_u64().expect("a withdrawal tells");
            line.wills.push(Will::Withdrawn { acked: standin::now(), in_flight });
        } else {
            self.give(client, line);
        }
    }

    fn give(&self, client: u64, line: &mut Line) {
        let id = consent(client, line.wills.len());
        let document = documents::consent(&id, &line.hetu, Scope::PEER_SUPPORT);
        line.wills.push(Will::Given { posted: standin::now() });
        self.insist("serena", &id, &document);
    }

    /// Accepts each task that the provider has taken, until it is told to stop. Gives the tasks. Too
    /// late is whoever accepts what was refused since: taken, and its outcome lost in a crash.
    ///
    /// # Panics
    /// When an answer is refused otherwise.
    pub fn answer(&self, stop: &AtomicBool) -> BTreeSet<String> {
        let (mut answered, mut late, mut place) = (BTreeSet::new(), BTreeSet::new(), 0);
        while !stop.load(Ordering::Acquire) {
            let received = self.stage.malli_ry.received_from(place);
            for received in received.into_iter().take_while(|r| r.answered > 0) {
                place += 1;
                let task = received.delivery().filter(|_| received.answered == 200);
                let is_new = |task: &&str| !answered.contains(*task) && !late.contains(*task);
                let Some(task) = task.filter(is_new) else { continue };
                let document = documents::answer(task, "accepted", None, None);
                let answer = self.post_until_answered("malli-ry", task, &document);
                if answer.status == 409 {
                    assert!(self.has_ended_refused(task), "{task}: {}", answer.text());
                    late.insert(task.to_owned());
                    continue;
                }
                assert_eq!(answer.status, 202, "{task}: {}", answer.text());
                self.acked.fetch_add(1, Ordering::Relaxed);
                answered.insert(task.to_owned());
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
        answered
    }

    fn has_ended_refused(&self, task: &str) -> bool {
        let (id, journal) = (task.replace('-', ""), self.stage.journal());
        let refused =
            format!("delivery where {} = '{id}' and state = {REFUSED}", journal.hex("id"));
        journal.count(&format!("{refused} and task = 'rejected'")) == 1
    }
}

fn line(client: &Client) -> Line {
    let hetu = people::hetu(client.number as u32);
    Line { mind: client.mind, hetu, referrals: Vec::new(), wills: Vec::new() }
}

/// A directive of a client, by its turn.
fn consent(client: u64, turn: usize) -> String {
    format!("S-{client}-{turn}")
}
