//! One life of a hub out of a seed, and what must hold of it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use luotsi_flow::Receipt;
use luotsi_journal::{Error, Session, read};
use luotsi_model::Clock;

use super::{node::Node, sender::Sender, store::Mood};
use crate::{
    dice::Dice,
    far::Answer,
    laws,
    world::{Pending, World, next_moment, pending},
};

const CLIENTS: u32 = 3;
/// How often time may pass before everything must have ended.
const MOVES_MAX: usize = 20_000;
const SECOND: SignedDuration = SignedDuration::from_secs(1);

struct Life {
    dice: Dice,
    world: World,
    senders: Vec<Sender>,
    acknowledged: Vec<Receipt>,
}

/// Lives it, and gives what the disclosure log then holds.
pub(super) fn live(seed: u64) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let world = World::with_settings(dice.next(), "timeout_ms = 5\nconcurrency_max = 2");
    misbehave(&world, &mut dice);
    let senders = (0..CLIENTS).map(Sender::of).collect();
    let mut life = Life { dice, world, senders, acknowledged: Vec::new() };
    for _ in 0..life.dice.in_range(1..4) {
        life.run();
    }
    life.end()
}

fn misbehave(world: &World, dice: &mut Dice) {
    for far in world.systems.values() {
        let mut dice = Dice::new(dice.next());
        far.script(move |_| match dice.in_range(0..32) {
            0..8 => Answer::Fail,
            8 => Answer::FailFor(Duration::from_secs(dice.in_range(1..100_000))),
            9 => Answer::Reject,
            10 => Answer::Hang,
            11 => Answer::Panic,
            _ => Answer::Take,
        });
    }
}

impl Life {
    /// A hub that starts, works in whatever mood its journal is in, and stops or is killed.
    fn run(&mut self) {
        let node = self.start();
        for _ in 0..self.dice.in_range(3..12) {
            if node.is_dead() {
                break;
            }
            self.act(&node);
            if self.dice.is_one_in(3) {
                let seconds = self.dice.in_range(0..40_000) as i64;
                self.world.clock.pass(SignedDuration::from_secs(seconds));
            }
            if self.dice.is_one_in(10) {
                let seconds = self.dice.in_range(0..7_200) as i64 - 3_600;
                self.world.clock.set_by(SignedDuration::from_secs(seconds));
            }
        }
        if node.is_dead() || self.dice.is_one_in(2) {
            node.crash();
        } else {
            node.set(|mood| *mood = Mood::default());
            node.stop(|| self.world.clock.pass(SECOND));
        }
        self.senders.iter_mut().for_each(Sender::hang_up);
    }

    fn start(&mut self) -> Node {
        let dies_after = self.dice.is_one_in(3).then(|| self.dice.in_range(0..150));
        let dawdles_max = self.dice.in_range(0..4);
        let starts = Mood { dawdles_max, dies_after, ..Mood::default() };
        let node = Node::start(&self.world, self.dice.next(), starts);
        while !node.has_started() && !node.is_dead() {
            node.turn(1);
        }
        let is_fickle = self.dice.is_one_in(2);
        let mut one_in = || if is_fickle { self.dice.in_range(4..40) } else { 0 };
        let (unwritten, unread) = (one_in(), one_in());
        node.set(|mood| (mood.unwritten, mood.unread) = (unwritten, unread));
        node
    }

    /// One paper for each of some clients, all at once, and as much of what follows as there is time
    /// for.
    fn act(&mut self, node: &Node) {
        for sender in &mut self.senders {
            self.acknowledged.extend(sender.hear(node));
            if self.dice.is_one_in(16) {
                sender.hang_up();
            }
            sender.write(&mut self.dice);
            sender.post(&self.world, node);
        }
        node.turn(self.dice.in_range(1..60) as usize);
    }

    /// The journal is well again and everybody gets an answer; then all must come to its end, and
    /// the laws must hold.
    fn end(mut self) -> Vec<String> {
        let node = Node::start(&self.world, self.dice.next(), Mood::default());
        for _ in 0..MOVES_MAX {
            for sender in &mut self.senders {
                self.acknowledged.extend(sender.hear(&node));
                sender.post(&self.world, &node);
            }
            if self.senders.iter().all(Sender::is_done) {
                break;
            }
            node.settle();
        }
        assert!(self.senders.iter().all(Sender::is_done), "everybody is answered");
        self.pass_until(&node, "everything to end", <[Pending]>::is_empty);
        self.tell_all(&node);
        laws::hold(&self.world, node.journal(), &self.acknowledged);
        self.check_count(&node);
        let trail = node.journal().read_now(trail).unwrap();
        node.stop(|| self.world.clock.pass(SECOND));
        trail
    }

    /// What was posted again was not taken in again.
    fn check_count(&self, node: &Node) {
        let all = node.journal().read_now(|c| read::messages_last(c, usize::MAX)).unwrap();
        let posted = all.iter().filter(|message| !message.envelope.source.is_hub()).count();
        assert_eq!(posted, self.acknowledged.len(), "each once");
    }

    /// Every sender that is owed a word gets it, or a person has it.
    fn tell_all(&self, node: &Node) {
        let next = || node.journal().read_now(read::next_untold).unwrap();
        while let Some(due) = next() {
            self.world.clock.move_to(due);
            // After a start the hub settles first.
            self.world.clock.pass(SECOND * 5);
            self.pass_until(node, "it to be told", |_| next().is_none_or(|next| next > due));
        }
        self.pass_until(node, "what was told to end", <[Pending]>::is_empty);
    }

    /// Lets time pass from one moment at which something is due to the next, until it holds.
    fn pass_until(&self, node: &Node, what: &str, holds: impl Fn(&[Pending]) -> bool) {
        for _ in 0..MOVES_MAX {
            node.settle();
            let pending = pending(node.journal());
            if holds(&pending) {
                return;
            }
            match next_moment(&pending, self.now()) {
                Some(next) => self.world.clock.move_to(next),
                // Something is due and does not move: it waits for a pause of the hub's own.
                None => self.world.clock.pass(SECOND),
            }
        }
        panic!("{what}: {:#?}", pending(node.journal()));
    }

    fn now(&self) -> Timestamp {
        self.world.clock.now()
    }
}

/// The disclosure log, as it stands.
fn trail(c: &Session) -> Result<Vec<String>, Error> {
    c.all("select entry from disclosure order by seq", &[], |row| row.get(0))
}
