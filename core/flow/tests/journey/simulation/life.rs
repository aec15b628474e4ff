//! One life of some hubs out of a seed, and what must hold of it.

use std::{collections::BTreeSet, time::Duration};

use jiff::SignedDuration;
use luotsi_flow::Receipt;
use luotsi_journal::{Error, Journal, Session, read};
use luotsi_model::Clock;

use super::{
    bus::Bus,
    node::{LEASE, Node},
    sender::Sender,
    store::{Mood, Store},
};
use crate::{
    dice::Dice,
    far::Answer,
    laws,
    pending::{Pending, next_moment, pending, untried},
    world::World,
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
/// How long nobody may be told of what is owed, or look at what is due though nobody told of it.
const FORGOTTEN: Duration = Duration::from_secs(30);
/// Moments that hubs which share the journal are given to end everything themselves.
const SHARED_MOVES: usize = 2_000;
/// Pauses of theirs, of which the last one is longer than a lease.
const PAUSES: u32 = 8;

struct Life {
    dice: Dice,
    world: World,
    /// The journal as anybody finds it.
    look: Journal,
    /// Over which hubs that share the journal tell each other; `None`: by the journal's outbox.
    bus: Option<Bus>,
    nodes: Vec<Node>,
    senders: Vec<Sender>,
    acknowledged: Vec<Receipt>,
}

/// Lives it, and gives what the disclosure log then holds.
pub(super) fn live(seed: u64) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let world = World::with_settings(dice.next(), "timeout_ms = 5\nconcurrency_max = 2");
    let look = Store::look(&world);
    misbehave(&world, &mut dice);
    let senders = (0..CLIENTS).map(Sender::of).collect();
    let bus = (!dice.is_one_in(4)).then(|| Bus::new(dice.next()));
    let (nodes, acknowledged) = (Vec::new(), Vec::new());
    let mut life = Life { dice, world, look, bus, nodes, senders, acknowledged };
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

    fn node(&mut self, nth: Option<u128>, mood: Mood) -> Node {
        let broker = self.bus.as_ref().filter(|_| nth.is_some()).map(Bus::broker);
        Node::start(&self.world, nth, broker, self.dice.next(), mood)
    }

    fn start(&mut self, nth: Option<u128>) -> Node {
        let dies_after = self.dice.is_one_in(3).then(|| self.dice.in_range(0..150));
        let dawdles_max = self.dice.in_range(0..4);
        let starts = Mood { dawdles_max, dies_after, ..Mood::default() };
        let node = self.node(nth, starts);
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
            self.bus.iter().for_each(Bus::go_on);
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
        if self.dice.is_one_in(4) {
            self.bus.iter().for_each(Bus::change);
        }
        for node in &mut self.nodes {
            if self.dice.is_one_in(if node.is_stopped { 2 } else { 5 }) {
                node.is_stopped = !node.is_stopped;
            }
        }
        // Some of a lease, by which those that go on take over from those that do not.
        for _ in 0..self.dice.in_range(0..12) {
            self.world.clock.pass(SECOND * 10);
            self.turn();
        }
    }

    /// Lets everybody go on a little.
    fn turn(&self) {
        self.nodes.iter().for_each(|node| node.turn(TURNS));
        self.bus.iter().for_each(Bus::go_on);
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
            self.end_together();
        }
        let node = self.node(None, Mood::default());
        self.nodes.push(node);
        self.answer_all();
        self.pass_until("everything to end", <[Pending]>::is_empty);
        self.tell_all();
        laws::hold(&self.world, &self.look, &self.acknowledged);
        self.check_count();
        self.end_all(false);
        self.look.read_now(trail).unwrap()
    }

    /// Two hubs that share the journal, and are well, bring everything to its end by themselves,
    /// whatever the bus does to their hints.
    fn end_together(&mut self) {
        for nth in 0..2 {
            let node = self.node(Some(nth), Mood::default());
            self.nodes.push(node);
        }
        self.bus.iter().for_each(Bus::recover);
        self.answer_all();
        // They take over what hubs left that were killed.
        self.let_pass(LEASE * 2, SECOND * 10);
        let last = "select coalesce(max(seq), 0) from delivery";
        let last = self.look.read_now(|c| c.one(last, &[], |row| row.get(0))).unwrap();
        for _ in 0..3 {
            self.act();
        }
        self.answer_all();
        let (told, owed) = (self.world.clock.now(), self.untold());
        self.let_pass(FORGOTTEN, SECOND * 2);
        assert!(owed.is_disjoint(&self.untold()), "nobody is told of {owed:?}");
        let pending_now = pending(&self.look);
        // What was tried before, and rests, may be left to rest: its dispatcher knows of it.
        let forgotten = untried(&pending_now, last, told);
        assert!(forgotten.is_empty(), "nobody looks at {forgotten:#?}");
        let is_over = self.pass(SHARED_MOVES, PAUSES, <[Pending]>::is_empty);
        assert!(is_over, "not brought to an end together: {:#?}", pending(&self.look));
        self.end_all(false);
    }

    /// Lets time pass in small steps, in which no hub is taken for gone.
    fn let_pass(&self, whole: Duration, step: SignedDuration) {
        let end = self.world.clock.now() + whole;
        while self.world.clock.now() < end {
            self.settle();
            self.world.clock.pass(step);
        }
        self.settle();
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

    /// The hints that are owed to somebody, by their places.
    fn untold(&self) -> BTreeSet<i64> {
        let all = |c: &Session| c.all("select seq from outbox", &[], |row| row.get(0));
        self.look.read_now(all).unwrap().into_iter().collect()
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
        assert!(self.pass(MOVES_MAX, 1, holds), "{what}: {:#?}", pending(&self.look));
    }

    /// Lets time pass from one moment at which something is due to the next, until it holds; whether
    /// it came to that. What is due and does not move waits for a pause of the hub's own: for 1 s, and
    /// then for twice as long, in so many steps.
    fn pass(&self, moves_max: usize, pauses: u32, holds: impl Fn(&[Pending]) -> bool) -> bool {
        let mut paused = 0;
        for _ in 0..moves_max {
            self.settle();
            let pending = pending(&self.look);
            if holds(&pending) {
                return true;
            }
            match next_moment(&pending, self.world.clock.now()) {
                Some(next) => self.world.clock.move_to(next),
                None => {
                    self.world.clock.pass(SECOND * (1 << (paused % pauses)));
                    paused += 1;
                }
            }
        }
        false
    }

    /// Lets the hubs do what they can at this moment.
    fn settle(&self) {
        let told = || self.bus.as_ref().map_or(0, Bus::steps);
        let steps = || self.nodes.iter().map(Node::steps).sum::<u64>() + told();
        let (mut before, mut quiet) = (steps(), 0);
        for _ in 0..LOOKS_MAX {
            self.turn();
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
