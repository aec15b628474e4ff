//! Walks the model's graph and takes each of its edges that the journal can tell apart in a real
//! journal, on a way that leads there from the beginning.

use std::collections::{HashMap, HashSet, VecDeque};

use luotsi_journal::{Journal, Key, Masters};
use stateright::Model;
use tempfile::TempDir;
use tokio::runtime::Builder;

use crate::{
    hub::Life,
    model::{Hand, Race, Stand, State, Step, Word},
};

/// How much was walked.
#[derive(Debug)]
pub(crate) struct Walked {
    pub(crate) states: usize,
    pub(crate) edges: usize,
    /// Lives in the journal: as many edges as it can tell apart.
    pub(crate) paths: usize,
    pub(crate) steps: usize,
}

/// An edge as far as the journal and the gate see it: what is stored, and what is asked of them.
type Seen = (Vec<Word>, Vec<Stand>, Step, Option<(usize, bool)>);

fn seen(state: &State, step: Step) -> Option<Seen> {
    let asked = match step {
        Step::Look(_) => Some((state.kept.unwrap_or(state.epoch()), state.kept.is_some())),
        Step::Decide(i) | Step::Write(i) => match state.deliveries[i].hand {
            Hand::Looked(epoch) | Hand::Decided(epoch) => Some((epoch, state.deliveries[i].late)),
            Hand::Idle | Hand::Sent { .. } => None,
        },
        Step::Fail(_) => Some((state.left.failures.into(), false)),
        Step::Succeed(_) | Step::Withdraw | Step::Consent | Step::Start => None,
        Step::Arrive(_) | Step::Tell | Step::Deadline(_) | Step::Crash => return None,
    };
    let stands = state.deliveries.iter().map(|delivery| delivery.stand).collect();
    Some((state.words.clone(), stands, step, asked))
}

/// How a state was first come to.
type Ways = HashMap<State, Option<(State, Step)>>;

pub(crate) fn every_edge(race: &Race) -> Walked {
    let place = TempDir::new().unwrap();
    let masters = Masters::new(&Key::new([7; 32]), &[]).unwrap();
    let journal = Journal::open(&place.path().join("journal.db"), masters).unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let mut ways: Ways = race.init_states().into_iter().map(|state| (state, None)).collect();
    let mut open: VecDeque<State> = ways.keys().cloned().collect();
    let mut known = HashSet::new();
    let mut walked = Walked { states: 0, edges: 0, paths: 0, steps: 0 };
    while let Some(state) = open.pop_front() {
        walked.states += 1;
        let mut steps = Vec::new();
        race.actions(&state, &mut steps);
        for step in steps {
            walked.edges += 1;
            if seen(&state, step).is_some_and(|edge| known.insert(edge)) {
                walked.paths += 1;
                let way = way_to(&ways, &state, step);
                walked.steps += way.1.len();
                runtime.block_on(live(&journal, walked.paths, way, race));
            }
            let next = race.next_state(&state, step).unwrap();
            if !ways.contains_key(&next) {
                ways.insert(next.clone(), Some((state.clone(), step)));
                open.push_back(next);
            }
        }
    }
    walked
}

/// The beginning, and the steps from there through the edge.
fn way_to(ways: &Ways, state: &State, last: Step) -> (State, Vec<Step>) {
    let (mut steps, mut at) = (vec![last], state);
    while let Some(Some((before, step))) = ways.get(at) {
        steps.push(*step);
        at = before;
    }
    steps.reverse();
    (at.clone(), steps)
}

async fn live(journal: &Journal, number: usize, way: (State, Vec<Step>), race: &Race) {
    let (mut state, steps) = way;
    let mut life = Life::begin(journal, number, &state).await;
    for step in steps {
        let next = race.next_state(&state, step).unwrap();
        life.take(&state, step, &next).await;
        state = next;
    }
    life.end(&state).await;
}
