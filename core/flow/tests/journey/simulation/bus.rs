//! The bus between hubs, by dice: it loses hints, unconfirmed or confirmed, keeps confirms to itself,
//! repeats, is late, hands on in any order, forgets acknowledgements and turns consumers away. A move
//! of it is made when the life says so.

use std::{
    collections::{BTreeMap, VecDeque},
    mem::take,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::future::BoxFuture;
use luotsi_bus::broker::{Broker, Condition, Heard, Hearing, Hint, Receipt, Transport};
use luotsi_model::SystemId;
use tokio::{
    sync::{mpsc, watch},
    task::yield_now,
};

use crate::dice::Dice;

/// Turns of others before hints are taken, and before their confirms.
const DAWDLES_MAX: u64 = 4;
/// Moves of the bus that a late hint is late.
const LATE_MAX: u64 = 40;

#[derive(Clone)]
pub(super) struct Bus {
    inside: Arc<Mutex<Inside>>,
    condition: watch::Sender<Condition>,
}

struct Inside {
    dice: Dice,
    lanes: BTreeMap<SystemId, Lane>,
    /// Of what is handed on.
    batches: u64,
    steps: u64,
}

#[derive(Default)]
struct Lane {
    waiting: Vec<Waiting>,
    /// Whoever hears, in the order in which they came: the first one does.
    ears: VecDeque<Ear>,
}

struct Waiting {
    place: i64,
    /// Moves of the bus until it goes.
    late: u64,
}

struct Ear {
    told: mpsc::Sender<Heard>,
    /// It was told to look since it is the one that hears.
    has_begun: bool,
    /// Handed on and not taken, by their batch.
    open: BTreeMap<u64, Vec<i64>>,
}

/// Hints in the hands of a hub. Not taken, they come again when its line breaks.
struct Batch {
    bus: Bus,
    lane: SystemId,
    nth: u64,
}

impl Bus {
    pub(super) fn new(seed: u64) -> Self {
        let (dice, lanes) = (Dice::new(seed), BTreeMap::new());
        let inside = Inside { dice, lanes, batches: 0, steps: 0 };
        let condition = watch::Sender::new(Condition::Ready);
        Self { inside: Arc::new(Mutex::new(inside)), condition }
    }

    /// As a hub knows it.
    pub(super) fn broker(&self) -> Broker {
        Broker::over(self.clone())
    }

    /// Is ready from now on.
    pub(super) fn recover(&self) {
        self.condition.send_replace(Condition::Ready);
    }

    /// Is from now on as the dice have it.
    pub(super) fn change(&self) {
        let mut inside = self.inside();
        let why = "scripted".to_owned();
        let condition = match inside.dice.in_range(0..4) {
            0 => Condition::Away { why },
            1 => Condition::Blocked { why },
            _ => Condition::Ready,
        };
        if matches!(condition, Condition::Away { .. }) {
            inside.lanes.values_mut().for_each(Lane::break_all);
        }
        drop(inside);
        self.condition.send_replace(condition);
    }

    fn is(&self, such: impl Fn(&Condition) -> bool) -> bool {
        such(&self.condition.borrow())
    }

    /// What has been taken and handed on: it stands still when nothing happens.
    pub(super) fn steps(&self) -> u64 {
        self.inside().steps
    }

    /// One move of each lane.
    pub(super) fn go_on(&self) {
        if self.is(|now| matches!(now, Condition::Away { .. })) {
            return;
        }
        let mut inside = self.inside();
        let Inside { dice, lanes, batches, steps } = &mut *inside;
        for (name, lane) in lanes {
            let batch = |nth| Batch { bus: self.clone(), lane: name.clone(), nth };
            *steps += u64::from(lane.go_on(dice, batches, batch));
        }
    }

    async fn dawdle(&self) {
        let turns = self.inside().dice.in_range(0..DAWDLES_MAX);
        for _ in 0..turns {
            yield_now().await;
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    fn take(&mut self, place: i64, dice: &mut Dice) {
        let late = if dice.is_one_in(4) { dice.in_range(1..LATE_MAX) } else { 0 };
        self.waiting.push(Waiting { place, late });
    }

    /// Whatever it has not taken comes again, to whoever hears next.
    fn break_line(&mut self, ear: &mut Ear) {
        ear.has_begun = false;
        let open = take(&mut ear.open).into_values().flatten();
        self.waiting.extend(open.map(|place| Waiting { place, late: 0 }));
    }

    fn break_all(&mut self) {
        let mut ears = take(&mut self.ears);
        ears.iter_mut().for_each(|ear| self.break_line(ear));
        self.ears = ears;
    }

    /// Whether anything was handed on.
    fn go_on(&mut self, dice: &mut Dice, batches: &mut u64, batch: impl Fn(u64) -> Batch) -> bool {
        while let Some(mut ear) = self.ears.pop_front() {
            if !ear.told.is_closed() {
                self.ears.push_front(ear);
                break;
            }
            self.break_line(&mut ear);
        }
        self.waiting.iter_mut().for_each(|waiting| waiting.late = waiting.late.saturating_sub(1));
        let goes = self.waiting.iter().any(|waiting| waiting.late == 0);
        let Some(mut ear) = self.ears.pop_front() else { return false };
        let breaks = match (goes, ear.open.is_empty()) {
            (true, _) => dice.is_one_in(16),
            (false, false) => dice.is_one_in(64),
            (false, true) => false,
        };
        if ear.has_begun && breaks {
            self.break_line(&mut ear);
            self.ears.push_back(ear);
            return true;
        }
        let has_told = match ear.told.try_reserve() {
            Ok(permit) if !ear.has_begun => {
                permit.send(Heard::Missed);
                ear.has_begun = true;
                true
            }
            Ok(permit) if goes => {
                let places = self.draw(dice);
                *batches += 1;
                ear.open.insert(*batches, places.clone());
                let receipt = Receipt::new(batch(*batches).taken());
                permit.send(Heard::Hints { places, receipt });
                true
            }
            _ => false,
        };
        self.ears.push_front(ear);
        has_told
    }

    /// Some of what waits, in any order.
    fn draw(&mut self, dice: &mut Dice) -> Vec<i64> {
        let (mut going, late): (Vec<_>, Vec<_>) =
            take(&mut self.waiting).into_iter().partition(|waiting| waiting.late == 0);
        self.waiting = late;
        for at in (1..going.len()).rev() {
            going.swap(at, dice.in_range(0..at as u64 + 1) as usize);
        }
        let stay = dice.in_range(0..going.len() as u64) as usize;
        self.waiting.extend(going.drain(..stay));
        going.into_iter().map(|waiting| waiting.place).collect()
    }
}

impl Batch {
    async fn taken(self) {
        let mut inside = self.bus.inside();
        // An acknowledgement that is lost: the hints come again when the line breaks.
        if inside.dice.is_one_in(8) {
            return;
        }
        let lane = inside.lanes.get_mut(&self.lane);
        let ears = lane.into_iter().flat_map(|lane| &mut lane.ears);
        ears.for_each(|ear| _ = ear.open.remove(&self.nth));
    }
}

impl Transport for Bus {
    fn announce(&self, hints: Vec<Hint>) -> BoxFuture<'_, Vec<i64>> {
        Box::pin(async move {
            self.dawdle().await;
            let mut confirmed = Vec::new();
            if self.is(|now| *now == Condition::Ready) {
                let mut inside = self.inside();
                let Inside { dice, lanes, steps, .. } = &mut *inside;
                *steps += 1;
                for Hint { lane, place } in hints {
                    let lane = lanes.entry(lane).or_default();
                    let (times, is_confirmed) = match dice.in_range(0..16) {
                        0 => (0, false),
                        1 => (0, true),
                        2 | 3 => (1, false),
                        4 => (2, true),
                        _ => (1, true),
                    };
                    (0..times).for_each(|_| lane.take(place, dice));
                    confirmed.extend(is_confirmed.then_some(place));
                }
            }
            self.dawdle().await;
            confirmed
        })
    }

    fn hear(&self, lane: SystemId) -> Hearing {
        let (told, heard) = mpsc::channel(1);
        let ear = Ear { told, has_begun: false, open: BTreeMap::new() };
        self.inside().lanes.entry(lane).or_default().ears.push_back(ear);
        Hearing::new(heard)
    }

    fn add_lane(&self, _: SystemId) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn conditions(&self) -> watch::Receiver<Condition> {
        self.condition.subscribe()
    }
}
