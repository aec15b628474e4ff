//! A hub that shares its journal, and owes many senders a word that is not due yet.

use std::ops::Range;

use futures::FutureExt;
use jiff::SignedDuration;
use luotsi_flow::Incoming;
use luotsi_journal::{Journal, read};
use luotsi_model::SystemId;

use super::{
    node::Node,
    store::{Mood, Store},
};
use crate::{
    papers::{peer_support, prohibition},
    world::{World, incoming},
};

const SECOND: SignedDuration = SignedDuration::from_secs(1);
/// More than anything here takes.
const TURNS: usize = 2_000;
/// To look at what is owed about one client takes six steps of the journal, begun and ended.
const MANY: u32 = 40;

struct Owing {
    world: World,
    look: Journal,
}

impl Owing {
    fn new() -> Self {
        let world = World::new(1);
        let look = Store::look(&world);
        Self { world, look }
    }

    fn start(&self, nth: u128, mood: Mood) -> Node {
        Node::start(&self.world, Some(nth), None, 1, mood)
    }

    /// Takes in a paper about each of these clients that another's prohibition refuses at once.
    fn refuse(&self, node: &Node, clients: Range<u32>) {
        for n in clients {
            self.post(node, "huoltajat", prohibition(&format!("K-{n}"), n));
            self.post(node, "serena", peer_support(&format!("A-{n}"), n));
        }
    }

    fn post(&self, node: &Node, system: &str, paper: Vec<u8>) {
        let (flow, system) = (node.flow.clone(), SystemId::new(system));
        let posted = node.spawn(async move {
            let incoming = Incoming { system: &system, ..incoming(&paper) };
            flow.accept(incoming).await.map(drop)
        });
        node.turn(TURNS);
        posted.now_or_never().expect("an answer").unwrap().unwrap();
    }

    fn untold(&self) -> usize {
        self.look.read_now(read::untold_refusals).unwrap().len()
    }

    /// Lets a second pass; the steps of the journal that it took.
    fn second(&self, node: &Node) -> u64 {
        let before = node.steps();
        self.world.clock.pass(SECOND);
        node.turn(TURNS);
        node.steps() - before
    }
}

#[test]
fn what_is_told_later_is_not_looked_at_each_second() {
    let owing = Owing::new();
    let node = owing.start(0, Mood::default());
    node.turn(TURNS);
    let busiest = |owed: usize| {
        assert_eq!(owing.untold(), owed);
        // What is done less often than each second is in it too.
        (0..30).map(|_| owing.second(&node)).max().unwrap()
    };
    owing.refuse(&node, 0..1);
    let with_one = busiest(1);
    owing.refuse(&node, 1..MANY);
    let with_many = busiest(MANY as usize);
    assert!(
        with_many < with_one + u64::from(MANY),
        "{with_many} steps in a second, {with_one} with one"
    );
}

#[test]
fn a_hub_that_is_to_end_leaves_what_it_owes() {
    let owing = Owing::new();
    let earlier = owing.start(0, Mood::default());
    earlier.turn(TURNS);
    owing.refuse(&earlier, 0..MANY);
    drop(earlier);
    let node = owing.start(0, Mood { dawdles_max: 3, ..Mood::default() });
    // It looks at all of them when it starts, and is told to end as it does.
    while node.steps() < u64::from(MANY) {
        node.turn(1);
    }
    node.end();
    let before = node.steps();
    while !node.has_ended() {
        node.turn(1);
    }
    let more = node.steps() - before;
    assert!(more < u64::from(2 * MANY), "{more} steps of the journal before it ends");
}

#[test]
fn what_a_sender_explains_itself_is_told_at_once_whichever_hub_heard_it() {
    let owing = Owing::new();
    let nodes = [0, 1].map(|nth| owing.start(nth, Mood::default()));
    let second = || {
        owing.world.clock.pass(SECOND);
        nodes.iter().for_each(|node| node.turn(TURNS));
    };
    second();
    owing.refuse(&nodes[0], 0..2);
    (0..5).for_each(|_| second());
    assert_eq!(owing.untold(), 2, "another's prohibition is told when it is due");
    for (n, node) in (0..).zip(&nodes) {
        owing.post(node, "serena", prohibition(&format!("S-{n}"), n));
    }
    (0..2).for_each(|_| second());
    assert_eq!(owing.untold(), 0);
}
