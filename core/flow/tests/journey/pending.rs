//! What has not ended, as the table has it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use luotsi_journal::{Error, Journal, Session, State};

/// One delivery that has not ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pending {
    /// Whereto, and about whom.
    lane: (String, Option<String>),
    seq: i64,
    state: State,
    due: Timestamp,
    deadline: Timestamp,
    attempts: u32,
}

fn moment(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap()
}

/// Everything that has not ended, in order.
pub(crate) fn pending(journal: &Journal) -> Vec<Pending> {
    let all = |c: &Session| -> Result<Vec<Pending>, Error> {
        c.all(
            "select seq, destination, subject, state, due, deadline, attempts
             from delivery where state < 10 order by seq",
            &[],
            |row| {
                Ok(Pending {
                    lane: (row.get(1)?, row.get(2)?),
                    seq: row.get(0)?,
                    state: row.get(3)?,
                    due: moment(row.get(4)?),
                    deadline: moment(row.get(5)?),
                    attempts: row.get(6)?,
                })
            },
        )
    };
    journal.read_now(all).unwrap()
}

/// The first delivery of each client to each destination that does not wait for a basis.
fn heads(pending: &[Pending]) -> impl Iterator<Item = &Pending> {
    let mut heads = BTreeMap::new();
    for delivery in pending.iter().filter(|d| d.state != State::Waiting) {
        let alone = delivery.lane.1.is_none().then_some(delivery.seq);
        heads.entry((&delivery.lane, alone)).or_insert(delivery);
    }
    heads.into_values()
}

/// When time must go on: `None` while something is being sent or could be.
pub(crate) fn next_moment(pending: &[Pending], now: Timestamp) -> Option<Timestamp> {
    let is_busy = heads(pending).any(|head| head.state == State::Sending || head.due <= now);
    let waits = pending.iter().filter(|d| d.state == State::Waiting).map(|d| d.deadline);
    let next = heads(pending).map(|head| head.due).chain(waits.filter(|d| *d > now)).min();
    next.filter(|_| !is_busy)
}

/// What came after a place, could have gone at a moment, and was never tried.
pub(crate) fn untried(pending: &[Pending], after: i64, at: Timestamp) -> Vec<&Pending> {
    let is_due = |head: &&Pending| head.state == State::Ready && head.due <= at;
    heads(pending).filter(is_due).filter(|head| head.seq > after && head.attempts == 0).collect()
}
