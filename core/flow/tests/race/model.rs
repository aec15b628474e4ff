//! Withdrawal against send, as a model: the hub's steps in any order, between them the client who
//! takes her consent back and gives it again, recipients that fail, a deadline and a crash.
//!
//! What is modelled of the hub is what can interleave: looking for directives (at hand or in the
//! journal), deciding and keeping them at hand, the intent under its guard, the bytes, the outcome,
//! and being told of a change. Each command of the journal is one step, for the writer applies one
//! at a time. What the kernel still holds of a killed hub's bytes is not modelled.

use stateright::{Model, Property};

/// What one client has directed, epoch by epoch: the last is in force.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Word {
    Nothing,
    Given,
    Withdrawn,
}

/// Where the journal has a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Stand {
    Ready,
    Waiting,
    Sending,
    Delivered,
    Refused,
    Dead,
}

/// What a sender has in memory of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Hand {
    Idle,
    /// It has the directives of an epoch, and has not kept them at hand yet.
    Looked(usize),
    /// It has decided on them.
    Decided(usize),
    /// Its intent is durable; whether its bytes have left.
    Sent {
        epoch: usize,
        arrived: bool,
    },
}

/// One delivery, to a destination of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Delivery {
    pub(crate) stand: Stand,
    pub(crate) hand: Hand,
    /// Its deadline has passed.
    pub(crate) late: bool,
}

/// A withdrawal that was acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Receipt {
    /// The epoch that it made.
    pub(crate) epoch: usize,
    pub(crate) in_flight: usize,
    /// Arrivals since, under what it took back.
    pub(crate) arrived: usize,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct State {
    pub(crate) words: Vec<Word>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) receipts: Vec<Receipt>,
    /// The epoch that the gate has at hand.
    pub(crate) kept: Option<usize>,
    /// A change is committed, and the gate has not been told.
    pub(crate) untold: bool,
    pub(crate) is_up: bool,
    /// An intent was written on directives that had changed.
    pub(crate) begun_late: bool,
    pub(crate) left: Budget,
}

/// How often what may happen happens at the most.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Budget {
    pub(crate) withdrawals: u8,
    pub(crate) consents: u8,
    pub(crate) failures: u8,
    pub(crate) crashes: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Step {
    Look(usize),
    Decide(usize),
    /// Writes the intent, the wait or the refusal that was decided.
    Write(usize),
    Arrive(usize),
    Succeed(usize),
    Fail(usize),
    /// The gate forgets what it has at hand.
    Tell,
    Deadline(usize),
    Withdraw,
    Consent,
    Crash,
    /// Recovery.
    Start,
}

/// What can be wrong with the hub, to see that the laws notice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Defect {
    None,
    /// The journal writes an intent whatever has changed.
    NoGuard,
    /// A withdrawal's receipt says that nothing is under way.
    NotCounted,
    /// A start leaves what was being sent as it is.
    NoRecovery,
    /// A change of directives wakes nothing that waits, and no deadline does.
    NotWoken,
}

pub(crate) struct Race {
    pub(crate) deliveries: usize,
    pub(crate) budget: Budget,
    pub(crate) defect: Defect,
}

impl State {
    pub(crate) const fn epoch(&self) -> usize {
        self.words.len() - 1
    }

    pub(crate) fn sending(&self) -> usize {
        self.deliveries.iter().filter(|d| d.stand == Stand::Sending).count()
    }

    /// What comes of a decision on an epoch's directives.
    pub(crate) fn verdict(&self, epoch: usize, late: bool) -> Stand {
        match self.words[epoch] {
            Word::Given => Stand::Sending,
            Word::Nothing if !late => Stand::Waiting,
            Word::Nothing | Word::Withdrawn => Stand::Refused,
        }
    }

    fn direct(&mut self, word: Word, defect: Defect) {
        self.words.push(word);
        self.untold = true;
        for delivery in &mut self.deliveries {
            if delivery.stand == Stand::Waiting && defect != Defect::NotWoken {
                delivery.stand = Stand::Ready;
            }
        }
    }

    /// Applies a step that can be taken.
    pub(crate) fn take(&mut self, step: Step, defect: Defect) {
        match step {
            Step::Look(i) => {
                self.deliveries[i].hand = Hand::Looked(self.kept.unwrap_or(self.epoch()));
            }
            Step::Decide(i) => {
                if let Hand::Looked(epoch) = self.deliveries[i].hand {
                    self.kept = Some(epoch);
                    self.deliveries[i].hand = Hand::Decided(epoch);
                }
            }
            Step::Write(i) => self.write(i, defect),
            Step::Arrive(i) => {
                if let Hand::Sent { epoch, arrived } = &mut self.deliveries[i].hand {
                    *arrived = true;
                    let taken_back = self.receipts.iter_mut().filter(|r| *epoch < r.epoch);
                    taken_back.for_each(|receipt| receipt.arrived += 1);
                }
            }
            Step::Succeed(i) => self.end(i, Stand::Delivered),
            Step::Fail(i) => {
                self.left.failures -= 1;
                self.end(i, if self.left.failures == 0 { Stand::Dead } else { Stand::Ready });
            }
            Step::Tell => (self.kept, self.untold) = (None, false),
            Step::Deadline(i) => self.deliveries[i].late = true,
            Step::Withdraw => {
                self.left.withdrawals -= 1;
                let in_flight = if defect == Defect::NotCounted { 0 } else { self.sending() };
                self.direct(Word::Withdrawn, defect);
                let epoch = self.epoch();
                self.receipts.push(Receipt { epoch, in_flight, arrived: 0 });
            }
            Step::Consent => {
                self.left.consents -= 1;
                self.direct(Word::Given, defect);
            }
            Step::Crash => {
                self.left.crashes -= 1;
                (self.is_up, self.kept, self.untold) = (false, None, false);
                self.deliveries.iter_mut().for_each(|delivery| delivery.hand = Hand::Idle);
            }
            Step::Start => {
                self.is_up = true;
                for delivery in &mut self.deliveries {
                    if delivery.stand == Stand::Sending && defect != Defect::NoRecovery {
                        delivery.stand = Stand::Ready;
                    }
                }
            }
        }
    }

    fn write(&mut self, i: usize, defect: Defect) {
        let Hand::Decided(epoch) = self.deliveries[i].hand else { return };
        let is_stale = epoch != self.epoch();
        if is_stale && defect != Defect::NoGuard {
            self.kept = None;
            self.deliveries[i].hand = Hand::Idle;
            return;
        }
        let stand = self.verdict(epoch, self.deliveries[i].late);
        let is_sent = stand == Stand::Sending;
        self.begun_late |= is_sent && is_stale;
        self.deliveries[i].stand = stand;
        self.deliveries[i].hand =
            if is_sent { Hand::Sent { epoch, arrived: false } } else { Hand::Idle };
    }

    fn end(&mut self, i: usize, stand: Stand) {
        self.deliveries[i].stand = stand;
        self.deliveries[i].hand = Hand::Idle;
    }

    /// The steps that the hub itself, its clock and its recipients take, sooner or later.
    fn own_steps(&self, defect: Defect, steps: &mut Vec<Step>) {
        if !self.is_up {
            return steps.push(Step::Start);
        }
        if self.untold {
            steps.push(Step::Tell);
        }
        for (i, delivery) in self.deliveries.iter().enumerate() {
            let waits = delivery.stand == Stand::Waiting;
            let is_woken = waits && delivery.late && defect != Defect::NotWoken;
            match delivery.hand {
                Hand::Idle if delivery.stand == Stand::Ready || is_woken => {
                    steps.push(Step::Look(i));
                }
                Hand::Idle if waits && !delivery.late => steps.push(Step::Deadline(i)),
                Hand::Idle => {}
                Hand::Looked(_) => steps.push(Step::Decide(i)),
                Hand::Decided(_) => steps.push(Step::Write(i)),
                Hand::Sent { arrived: false, .. } => steps.push(Step::Arrive(i)),
                Hand::Sent { arrived: true, .. } => steps.push(Step::Succeed(i)),
            }
        }
    }

    /// What may happen to it at any time.
    fn accidents(&self, steps: &mut Vec<Step>) {
        if !self.is_up {
            return;
        }
        let left = &self.left;
        let last = self.words[self.epoch()];
        if left.withdrawals > 0 && last == Word::Given {
            steps.push(Step::Withdraw);
        }
        if left.consents > 0 && last != Word::Given {
            steps.push(Step::Consent);
        }
        if left.crashes > 0 {
            steps.push(Step::Crash);
        }
        if left.failures > 0 {
            let sent = |d: &Delivery| matches!(d.hand, Hand::Sent { .. });
            let all = self.deliveries.iter().enumerate();
            steps.extend(all.filter(|(_, d)| sent(d)).map(|(i, _)| Step::Fail(i)));
        }
    }

    fn is_ended(&self) -> bool {
        let ends = [Stand::Delivered, Stand::Refused, Stand::Dead];
        self.deliveries.iter().all(|delivery| ends.contains(&delivery.stand))
    }
}

pub(crate) const ONLY_THE_COUNTED: &str = "no more arrives under a withdrawn consent than its \
                                           receipt counts";
pub(crate) const NONE_BEGINS: &str = "nothing is begun on directives that have changed";
pub(crate) const ONE_END: &str = "whoever has nothing left to do has brought all to an end";

impl Model for Race {
    type State = State;
    type Action = Step;

    /// A client who has consented, and one who has not said anything yet.
    fn init_states(&self) -> Vec<State> {
        let delivery = Delivery { stand: Stand::Ready, hand: Hand::Idle, late: false };
        let state = |words: &[Word]| State {
            words: words.to_vec(),
            deliveries: vec![delivery; self.deliveries],
            receipts: vec![],
            kept: None,
            untold: false,
            is_up: true,
            begun_late: false,
            left: self.budget,
        };
        vec![state(&[Word::Nothing, Word::Given]), state(&[Word::Nothing])]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        state.own_steps(self.defect, steps);
        state.accidents(steps);
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let mut next = state.clone();
        next.take(step, self.defect);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let seen = |name, found: fn(&Self, &State) -> bool| Property::sometimes(name, found);
        vec![
            Property::always(ONLY_THE_COUNTED, |_, state: &State| {
                state.receipts.iter().all(|receipt| receipt.arrived <= receipt.in_flight)
            }),
            Property::always(NONE_BEGINS, |_, state: &State| !state.begun_late),
            Property::always(ONE_END, |race: &Self, state: &State| {
                let mut steps = Vec::new();
                state.own_steps(race.defect, &mut steps);
                !steps.is_empty() || state.is_ended()
            }),
            seen("something is counted and arrives", |_, s| {
                s.receipts.iter().any(|r| r.in_flight > 0 && r.arrived > 0)
            }),
            seen("all is delivered after a consent given anew", |_, s| {
                s.words.len() > 3 && s.deliveries.iter().all(|d| d.stand == Stand::Delivered)
            }),
            seen("old directives come to hand again", |_, s| {
                s.is_up && !s.untold && s.kept.is_some_and(|kept| kept < s.epoch())
            }),
            seen("a crash meets a send", |_, s| !s.is_up && s.sending() > 0),
        ]
    }
}
