//! Makes each mutant of `tests/mutants/` in a copy of the tree and sees that its test fails on it.
//!
//! ```text
//! cargo run -p luotsi-tests --bin mutants -- [--target DIR] [--list] [NAME…]
//! ```
//!
//! `--target DIR` builds there, and leaves it for the next run; otherwise all is built anew. Exit 0:
//! every mutant was caught; 1: one survived; 2: one could not be judged.

mod tree;

use std::{collections::BTreeSet, path::PathBuf, process::ExitCode, time::Instant};

use luotsi_tests::mutants::{self, Mutant, Test};
use tree::{Tree, Verdict};

#[derive(Default)]
struct Options {
    target: Option<PathBuf>,
    list: bool,
    names: BTreeSet<String>,
}

fn options() -> Result<Options, String> {
    let mut options = Options::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--target" => {
                options.target = Some(arguments.next().ok_or("--target: which folder?")?.into());
            }
            "--list" => options.list = true,
            flag if flag.starts_with('-') => return Err(format!("{flag} is not an option")),
            name => drop(options.names.insert(name.to_owned())),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    let chosen = options().and_then(|options| Ok((chosen(&options)?, options)));
    let ran = chosen.and_then(|(all, options)| {
        if options.list {
            all.iter().for_each(|mutant| println!("{:32} {}", mutant.name, mutant.breaks));
            return Ok(ExitCode::SUCCESS);
        }
        run(&all, options.target)
    });
    ran.unwrap_or_else(|why| {
        eprintln!("mutants: {why}");
        ExitCode::from(2)
    })
}

fn chosen(options: &Options) -> Result<Vec<Mutant>, String> {
    let mut all = mutants::all();
    if let Some(unknown) = options.names.iter().find(|n| all.iter().all(|m| m.name != **n)) {
        return Err(format!("there is no mutant {unknown}"));
    }
    all.retain(|mutant| options.names.is_empty() || options.names.contains(&mutant.name));
    Ok(all)
}

fn run(all: &[Mutant], target: Option<PathBuf>) -> Result<ExitCode, String> {
    let tree = Tree::copy(target).map_err(|error| format!("the tree cannot be copied: {error}"))?;
    // A test that fails without a defect would catch anything.
    let tests: BTreeSet<&Test> = all.iter().map(|mutant| &mutant.held_by).collect();
    for test in tests {
        let whole = tree.judge(test)?;
        if whole != Verdict::Passed {
            return Err(format!("{} {} without a mutant: {whole:?}", test.target, test.test));
        }
    }
    let (mut survived, mut unjudged) = (0, 0);
    for mutant in all {
        let started = Instant::now();
        let (word, detail) = match tree.judge_mutant(mutant) {
            Ok(Verdict::Failed) => ("caught", String::new()),
            Ok(Verdict::Passed) => {
                survived += 1;
                ("SURVIVED", String::new())
            }
            Err(why) => {
                unjudged += 1;
                ("ERROR", format!("\n    {why}"))
            }
        };
        let Test { package, target, test } = &mutant.held_by;
        let seconds = started.elapsed().as_secs();
        println!("{word:8} {:32} by {package} {target}::{test} ({seconds} s){detail}", mutant.name);
    }
    let caught = all.len() - survived - unjudged;
    println!("{} mutants: {caught} caught, {survived} survived, {unjudged} errors", all.len());
    Ok(ExitCode::from(if unjudged > 0 { 2 } else { u8::from(survived > 0) }))
}
