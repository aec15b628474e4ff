//! One life of some hubs out of a seed, and what must hold of it.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use luotsi_flow::Receipt;
use luotsi_journal::{Error, Journal, Session, read};
use luotsi_model::Clock;

use super::{
    node::Node,
    sender::Sender,
    store::{Mood, Store},
};
use crate::{
    dice::Dice,
    far::Answer,
    laws,
    world::{Pending, World, masters, next_moment, pending},
};

const CLIENTS: u32 = 3;
/// How often time may pass before everything must have ended.
const MOVES_MAX: usize = 20_000;
const SECOND: SignedDuration = SignedDuration::from_secs(1);
/// Looks that must find nothing done before the hubs are taken to rest; more than a step can dawdle.
const QUIET: usize = 3;
const TURNS: usize = 8;
/// Far more than anything here takes.
const LOOKS_MAX: usize = 100_000;
/// Moments that hubs which share the journal are given to end everything themselves.
const SHARED_MOVES: usize = 40;

struct Life {
    dice: Dice,
    world: World,
    /// The journal as anybody finds it.
    look: Journal,
    nodes: Vec<Node>,
    senders: Vec<Sender>,
    acknowledged: Vec<Receipt>,
}

/// Lives it, and gives what the disclosure log then holds.
pub(super) fn live(seed: u64) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let world = World::with_settings(dice.next(), "timeout_ms = 5\nconcurrency_max = 2");
    let still = Arc::new(Store::new(0, Mood::default()));
    let look = Journal::by_hand(world.database(), masters(), None, still).unwrap();
    world.systems.values().for_each(|far| far.look_into(Some(look.clone())));
    misbehave(&world, &mut dice);
    let senders = (0..CLIENTS).map(Sender::of).collect();
    let mut life = Life { dice, world, look, nodes: Vec::new(), senders, acknowledged: Vec::new() };
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
    /// Hubs that start, work in whatever mood their journals are in, and end or are killed.
    fn run(&mut self) {
        let count = if self.dice.is_one_in(2) { 1 } else { self.dice.in_range(2..4) };
        let is_shared = count > 1 || self.dice.is_one_in(8);
        for nth in 0..count {
            let node = self.start(is_shared.then_some(nth.into()));
            self.nodes.push(node);
        }
        for _ in 0..self.dice.in_range(3..12) {
            if self.nodes.iter().all(Node::is_dead) {
                break;
            }
            self.act();
            self.interfere();
        }
        let is_killed = self.dice.is_one_in(2);
        self.end_all(is_killed);
    }

    fn start(&mut self, nth: Option<u128>) -> Node {
        let dies_after = self.dice.is_one_in(3).then(|| self.dice.in_range(0..150));
        let dawdles_max = self.dice.in_range(0..4);
        let starts = Mood { dawdles_max, dies_after, ..Mood::default() };
        let node = Node::start(&self.world, nth, self.dice.next(), starts);
        while !node.has_started() && !node.is_dead() {
            node.turn(1);
        }
        let is_fickle = self.dice.is_one_in(2);
        let mut one_in = || if is_fickle { self.dice.in_range(4..40) } else { 0 };
        let (unwritten, unread) = (one_in(), one_in());
        node.set(|mood| (mood.unwritten, mood.unread) = (unwritten, unread));
        node
    }

    /// One paper for each of some clients, all at once, each to some hub, and as much of what follows
    /// as there is time for.
    fn act(&mut self) {
        for sender in &mut self.senders {
            self.acknowledged.extend(sender.hear());
            if self.dice.is_one_in(16) {
                sender.hang_up();
            }
            sender.write(&mut self.dice);
            let node = &self.nodes[self.dice.in_range(0..self.nodes.len() as u64) as usize];
            sender.post(&self.world, node);
        }
        for _ in 0..self.nodes.len() {
            let node = &self.nodes[self.dice.in_range(0..self.nodes.len() as u64) as usize];
            node.turn(self.dice.in_range(1..60) as usize);
        }
    }

    /// What befalls hubs and clocks.
    fn interfere(&mut self) {
        if self.dice.is_one_in(3) {
            let seconds = self.dice.in_range(0..40_000) as i64;
            self.world.clock.pass(SignedDuration::from_secs(seconds));
        }
        if self.dice.is_one_in(10) {
            let seconds = self.dice.in_range(0..7_200) as i64 - 3_600;
            self.world.clock.set_by(SignedDuration::from_secs(seconds));
        }
        if self.nodes.len() == 1 {
            return;
        }
        for node in &mut self.nodes {
            if self.dice.is_one_in(if node.is_stopped { 2 } else { 5 }) {
                node.is_stopped = !node.is_stopped;
            }
        }
        // Some of a lease, by which those that go on take over from those that do not.
        for _ in 0..self.dice.in_range(0..12) {
            self.world.clock.pass(SECOND * 10);
            self.nodes.iter().for_each(|node| node.turn(TURNS));
        }
    }

    /// Kills all hubs, or lets them end.
    fn end_all(&mut self, is_killed: bool) {
        for node in &mut self.nodes {
            node.is_stopped = false;
            node.set(|mood| *mood = Mood { dies_after: mood.dies_after, ..Mood::default() });
            if !is_killed {
                node.end();
            }
        }
        while !is_killed && !self.nodes.iter().all(Node::has_ended) {
            self.settle();
            self.world.clock.pass(SECOND);
        }
        self.nodes.clear();
        self.senders.iter_mut().for_each(Sender::hang_up);
    }

    /// The journal is well again and everybody gets an answer; then all must come to its end, and
    /// the laws must hold.
    fn end(mut self) -> Vec<String> {
        if self.dice.is_one_in(4) {
            for nth in 0..2 {
                let node = Node::start(&self.world, Some(nth), self.dice.next(), Mood::default());
                self.nodes.push(node);
            }
            self.answer_all();
            self.pass(SHARED_MOVES, <[Pending]>::is_empty);
            self.end_all(false);
        }
        let node = Node::start(&self.world, None, self.dice.next(), Mood::default());
        self.nodes.push(node);
        self.answer_all();
        self.pass_until("everything to end", <[Pending]>::is_empty);
        self.tell_all();
        laws::hold(&self.world, &self.look, &self.acknowledged);
        self.check_count();
        self.end_all(false);
        self.look.read_now(trail).unwrap()
    }

    fn answer_all(&mut self) {
        for _ in 0..MOVES_MAX {
            for sender in &mut self.senders {
                self.acknowledged.extend(sender.hear());
                sender.post(&self.world, &self.nodes[0]);
            }
            if self.senders.iter().all(Sender::is_done) {
                return;
            }
            self.settle();
        }
        panic!("somebody gets no answer");
    }

    /// What was posted again was not taken in again.
    fn check_count(&self) {
        let all = self.look.read_now(|c| read::messages_last(c, usize::MAX)).unwrap();
        let posted = all.iter().filter(|message| !message.envelope.source.is_hub()).count();
        assert_eq!(posted, self.acknowledged.len(), "each once");
    }

    /// Every sender that is owed a word gets it, or a person has it.
    fn tell_all(&self) {
        let next = || self.look.read_now(read::next_untold).unwrap();
        while let Some(due) = next() {
            self.world.clock.move_to(due);
            // After a start the hub settles first.
            self.world.clock.pass(SECOND * 5);
            self.pass_until("it to be told", |_| next().is_none_or(|next| next > due));
        }
        self.pass_until("what was told to end", <[Pending]>::is_empty);
    }

    fn pass_until(&self, what: &str, holds: impl Fn(&[Pending]) -> bool) {
        assert!(self.pass(MOVES_MAX, holds), "{what}: {:#?}", pending(&self.look));
    }

    /// Lets time pass from one moment at which something is due to the next, until it holds; whether
    /// it came to that.
    fn pass(&self, moves_max: usize, holds: impl Fn(&[Pending]) -> bool) -> bool {
        for _ in 0..moves_max {
            self.settle();
            let pending = pending(&self.look);
            if holds(&pending) {
                return true;
            }
            match next_moment(&pending, self.world.clock.now()) {
                Some(next) => self.world.clock.move_to(next),
                // Something is due and does not move: it waits for a pause of the hub's own.
                None => self.world.clock.pass(SECOND),
            }
        }
        false
    }

    /// Lets the hubs do what they can at this moment.
    fn settle(&self) {
        let steps = || self.nodes.iter().map(Node::steps).sum::<u64>();
        let (mut before, mut quiet) = (steps(), 0);
        for _ in 0..LOOKS_MAX {
            self.nodes.iter().for_each(|node| node.turn(TURNS));
            let now = steps();
            quiet = if now == before { quiet + 1 } else { 0 };
            before = now;
            if quiet == QUIET {
                return;
            }
        }
        panic!("they never rest");
    }
}

/// The disclosure log, as it stands.
fn trail(c: &Session) -> Result<Vec<String>, Error> {
    c.all("select entry from disclosure order by seq", &[], |row| row.get(0))
}
