//! Hubs that come, go, stand still and come back, against the one promise: of a lane at most one hub
//! believes that it may send.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::Timestamp;
use luotsi_model::Clock;
use proptest::{prelude::*, test_runner::TestCaseResult};
use uuid::Uuid;

use super::{super::hold::Hold, *};

const LEASE: Duration = Duration::from_millis(1000);

/// A clock that is moved.
struct Moved(AtomicI64);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).unwrap_or_default()
    }

    fn sleep_until(&self, _: Timestamp) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::pending())
    }
}

/// A hub, as far as its lanes go. Its clock is its own.
struct Hub {
    id: NodeId,
    clock: Moved,
    view: View,
    hold: Arc<Hold>,
    worked: Vec<String>,
    /// Until when it does nothing at all.
    stopped: i64,
}

/// The journal, as far as lanes go.
#[derive(Default)]
struct Kept {
    nodes: BTreeMap<NodeId, i64>,
    lanes: BTreeMap<String, NodeId>,
    beats: i64,
}

impl Kept {
    fn nodes(&self) -> Vec<Node> {
        let node = |(id, beat): (&NodeId, &i64)| Node {
            id: *id,
            name: String::new(),
            roles: Vec::new(),
            beat: *beat,
        };
        self.nodes.iter().map(node).collect()
    }

    fn lanes(&self) -> Vec<Lane> {
        let lane =
            |(name, owner): (&String, &NodeId)| Lane { name: name.clone(), owner: Some(*owner) };
        self.lanes.iter().map(lane).collect()
    }
}

impl Hub {
    fn now(&self) -> Moment {
        Moment::now(&self.clock)
    }

    /// One turn of the watch, as `Watch::turn` takes it.
    fn turn(&mut self, kept: &mut Kept, wanted: &[String]) {
        let begun = self.now();
        if self.hold.is_over(begun) {
            self.worked.clear();
        }
        kept.beats += 1;
        kept.nodes.insert(self.id, kept.beats);
        self.hold.renew(begun);
        for (gone, beat) in self.view.gone(self.id, &kept.nodes(), self.now(), LEASE) {
            if kept.nodes.get(&gone) == Some(&beat) {
                kept.nodes.remove(&gone);
                kept.lanes.retain(|_, owner| *owner != gone);
            }
        }
        let (me, hubs, worked) = (self.id, kept.nodes.len(), self.worked.clone());
        let ours = Ours { me, wanted, worked: &worked, hubs, lease: LEASE };
        let steps = self.view.steps(&ours, &kept.lanes(), self.now());
        for lane in steps.leave {
            kept.lanes.remove(&lane);
            self.worked.retain(|worked| *worked != lane);
        }
        for lane in steps.claim {
            if kept.lanes.get(&lane).is_none_or(|owner| *owner == me) {
                kept.lanes.insert(lane.clone(), me);
                self.worked.push(lane);
            }
        }
    }

    fn may_send_on(&self, lane: &str) -> bool {
        !self.hold.is_over(self.now()) && self.worked.iter().any(|worked| worked == lane)
    }
}

#[derive(Clone, Debug)]
enum Event {
    Pass(i64),
    Turn(usize),
    /// Stopped for as long, with everything it had in hand.
    Stop(usize, i64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1i64..200).prop_map(Event::Pass),
        6 => (0usize..3).prop_map(Event::Turn),
        1 => (0usize..3, 100i64..4000).prop_map(|(hub, millis)| Event::Stop(hub, millis)),
    ]
}

fn live(skews: [i64; 3], events: &[Event]) -> TestCaseResult {
    let hub = |(n, skew): (u128, i64)| Hub {
        id: NodeId(Uuid::from_u128(n)),
        clock: Moved(AtomicI64::new(1_000_000_000 + skew)),
        view: View::default(),
        hold: Arc::new(Hold::of(LEASE)),
        worked: Vec::new(),
        stopped: 0,
    };
    let mut hubs: Vec<Hub> = (1..).zip(skews).map(hub).collect();
    let (mut kept, mut passed) = (Kept::default(), 0);
    let wanted: Vec<String> = (0..5).map(|n| format!("to:{n}")).collect();
    for event in events {
        match event {
            Event::Pass(millis) => {
                passed += millis;
                hubs.iter().for_each(|hub| {
                    hub.clock.0.fetch_add(*millis, Ordering::Relaxed);
                });
            }
            Event::Turn(nth) if hubs[*nth].stopped <= passed => hubs[*nth].turn(&mut kept, &wanted),
            Event::Turn(_) => {}
            Event::Stop(nth, millis) => hubs[*nth].stopped = passed + millis,
        }
        for lane in &wanted {
            let may = hubs.iter().filter(|hub| hub.may_send_on(lane)).count();
            prop_assert!(may <= 1, "{may} hubs may send on {lane} after {event:?}");
        }
    }
    // Left to themselves, they have shared all of it.
    for _ in 0..150 {
        hubs.iter_mut().for_each(|hub| {
            hub.clock.0.fetch_add(100, Ordering::Relaxed);
            hub.turn(&mut kept, &wanted);
        });
    }
    let mut shares: Vec<usize> = hubs.iter().map(|hub| hub.worked.len()).collect();
    shares.sort_unstable();
    prop_assert_eq!(shares.iter().sum::<usize>(), wanted.len());
    prop_assert!(shares[2] <= 2 || shares[0] > 0, "{shares:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]
    #[test]
    fn of_a_lane_one_hub_may_send(
        one in -3_600_000i64..3_600_000,
        other in -5i64..5,
        events in prop::collection::vec(event(), 1..120),
    ) {
        live([one, other, 0], &events)?;
    }
}
