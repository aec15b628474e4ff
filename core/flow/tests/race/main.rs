//! Withdrawal against send, checked in every order: a model by itself, and the model against the
//! journal's own commands and the gate's own decision, edge by edge.

#![expect(clippy::unwrap_used, reason = "a test's case stops where its ground gives way")]

mod hub;
mod model;
mod replay;

use model::{Budget, Defect, NONE_BEGINS, ONE_END, ONLY_THE_COUNTED, Race};
use stateright::{Checker, Model};

/// Two deliveries, and of everything that happens one more than is needed to meet it again.
const LARGE: Budget = Budget { withdrawals: 2, consents: 2, failures: 2, crashes: 2 };
/// Of everything one.
const SMALL: Budget = Budget { withdrawals: 1, consents: 1, failures: 1, crashes: 1 };

fn race(budget: Budget, defect: Defect) -> Race {
    Race { deliveries: 2, budget, defect }
}

#[test]
fn a_withdrawal_holds_against_every_order_of_steps() {
    let checked = race(LARGE, Defect::None).checker().threads(2).spawn_bfs().join();
    checked.assert_properties();
    println!("{} states", checked.unique_state_count());
}

/// The laws would be worth nothing if a hub without its guard kept them.
#[test]
fn a_hub_with_a_defect_is_found_out() {
    let cases = [
        (Defect::NoGuard, &[ONLY_THE_COUNTED, NONE_BEGINS][..]),
        (Defect::NotCounted, &[ONLY_THE_COUNTED]),
        (Defect::NoRecovery, &[ONE_END]),
        (Defect::NotWoken, &[ONE_END]),
    ];
    for (defect, broken) in cases {
        let checked = race(SMALL, defect).checker().spawn_bfs().join();
        for law in [ONLY_THE_COUNTED, NONE_BEGINS, ONE_END] {
            let found = checked.discovery(law);
            assert_eq!(found.is_some(), broken.contains(&law), "{defect:?}: {law}: {found:?}");
        }
    }
}

#[test]
fn the_journal_and_the_gate_take_every_edge_as_the_model_does() {
    let walked = replay::every_edge(&race(SMALL, Defect::None));
    println!("{walked:?}");
    assert!(walked.edges > 10_000 && walked.paths > 200, "too little happens: {walked:?}");
}
