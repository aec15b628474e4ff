//! The list of mutants stays true: each can be made, and its test is there. Whether the tests catch
//! them is shown by `tests/run --mutants`, which takes its time.

use std::{collections::BTreeSet, fs};

use luotsi_tests::{mutants, paths};

/// So many the tests were asked to catch at the least.
const COUNT_MIN: usize = 18;

#[test]
fn each_mutant_can_be_made_and_its_test_is_there() {
    let all = mutants::all();
    assert!(all.len() >= COUNT_MIN, "{} mutants", all.len());
    let names: BTreeSet<_> = all.iter().map(|mutant| &mutant.name).collect();
    assert_eq!(names.len(), all.len(), "a name is given twice");
    for mutant in &all {
        let made = mutant.made(paths::root());
        let made = made.unwrap_or_else(|why| {
            panic!(
                "mutant {}: {why}\nthe code has changed: make the same defect in it as it is now \
                 (tests/mutants/*.toml)",
                mutant.name
            )
        });
        assert!(made.iter().all(|made| made.whole != made.mutated), "{} is none", mutant.name);
        let test = &mutant.held_by;
        let name = test.test.rsplit("::").next().unwrap_or_default();
        let is_there = test.sources().iter().any(|path| {
            fs::read_to_string(path).is_ok_and(|text| text.contains(&format!("fn {name}(")))
        });
        assert!(is_there, "mutant {}: no test {name} in {test:?}", mutant.name);
    }
}
