//! The journal in a hand that dawdles, refuses, and dies in the middle of a step.

use std::{
    future::{Future, pending},
    pin::Pin,
    sync::{Arc, Mutex},
};

use luotsi_journal::{Error, Hand, Journal, Make, Step};
use tokio::task::yield_now;

use crate::{
    dice::Dice,
    world::{World, masters},
};

/// How steps fare. One in so many fails; 0: none does.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Mood {
    pub(super) unwritten: u64,
    pub(super) unread: u64,
    /// Turns of others before a step, and between a step and its answer.
    pub(super) dawdles_max: u64,
    /// Steps until the hub dies in one.
    pub(super) dies_after: Option<u64>,
}

pub(super) struct Store(Mutex<Inside>);

struct Inside {
    dice: Dice,
    mood: Mood,
    steps: u64,
    is_dead: bool,
}

/// What comes of one step.
struct Fate {
    before: u64,
    end: End,
    after: u64,
}

enum End {
    Made,
    Refused,
    /// Nobody gets an answer any more.
    Died {
        is_made: bool,
    },
}

impl Store {
    pub(super) fn new(seed: u64, mood: Mood) -> Self {
        Self(Mutex::new(Inside { dice: Dice::new(seed), mood, steps: 0, is_dead: false }))
    }

    /// A world's journal as anybody finds it, its systems among them.
    pub(super) fn look(world: &World) -> Journal {
        let still = Arc::new(Self::new(0, Mood::default()));
        let look = Journal::by_hand(world.database(), masters(), None, still).unwrap();
        world.systems.values().for_each(|far| far.look_into(Some(look.clone())));
        look
    }

    pub(super) fn set(&self, change: impl FnOnce(&mut Mood)) {
        change(&mut self.0.lock().unwrap().mood);
    }

    /// Whether the hub has died in a step.
    pub(super) fn is_dead(&self) -> bool {
        self.0.lock().unwrap().is_dead
    }

    /// Steps begun and steps ended: they stand still when nobody does anything.
    pub(super) fn steps(&self) -> u64 {
        self.0.lock().unwrap().steps
    }

    fn ended(&self) {
        self.0.lock().unwrap().steps += 1;
    }
}

impl Inside {
    fn fate(&mut self, step: Step) -> Fate {
        self.steps += 1;
        let Mood { unwritten, unread, dawdles_max, .. } = self.mood;
        let (before, after) =
            (self.dice.in_range(0..dawdles_max + 1), self.dice.in_range(0..dawdles_max + 1));
        let one_in = if step == Step::Write { unwritten } else { unread };
        let fails = one_in > 0 && self.dice.is_one_in(one_in);
        let dies = self.is_dead || self.mood.dies_after == Some(0);
        self.mood.dies_after = self.mood.dies_after.map(|left| left.saturating_sub(1));
        let end = if dies {
            // What comes after the step in which it died is never made.
            End::Died { is_made: self.dice.is_one_in(2) && !self.is_dead }
        } else if fails {
            End::Refused
        } else {
            End::Made
        };
        self.is_dead |= dies;
        Fate { before, end, after }
    }
}

async fn yield_for(turns: u64) {
    for _ in 0..turns {
        yield_now().await;
    }
}

impl Hand for Store {
    fn carry<'a>(
        &'a self,
        step: Step,
        make: Make<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>> {
        Box::pin(async move {
            let Fate { before, end, after } = self.0.lock().unwrap().fate(step);
            yield_for(before).await;
            match end {
                End::Made => {
                    let made = make();
                    yield_for(after).await;
                    self.ended();
                    made
                }
                End::Refused => {
                    drop(make);
                    self.ended();
                    Err(Error::Storage("scripted".into()))
                }
                End::Died { is_made } => {
                    if is_made {
                        make()?;
                    }
                    pending().await
                }
            }
        })
    }
}
