//! A copy of the source tree, in which defects are made and taken back.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use luotsi_tests::{
    mutants::{Made, Mutant, Test},
    paths,
};
use tempfile::TempDir;

/// Not part of the sources.
const LEFT_OUT: [&str; 2] = [".git", "target"];
/// Lines of a failed build that are shown.
const SHOWN: usize = 30;
/// The package of the tests that start the hub's own binary.
const END_TO_END: &str = "luotsi-tests";

/// How one test ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    Passed,
    Failed,
}

/// The copy, and where it is built.
pub(crate) struct Tree {
    home: TempDir,
    target: PathBuf,
}

impl Tree {
    pub(crate) fn copy(target: Option<PathBuf>) -> io::Result<Self> {
        let home = tempfile::Builder::new().prefix("luotsi-mutants-").tempdir()?;
        let root = home.path().join("tree");
        copy(paths::root(), &root)?;
        let target = match target {
            Some(named) => std::path::absolute(named)?,
            None => home.path().join("target"),
        };
        Ok(Self { home, target })
    }

    fn root(&self) -> PathBuf {
        self.home.path().join("tree")
    }

    /// Makes the mutant, lets its test judge it, and takes it back.
    pub(crate) fn judge_mutant(&self, mutant: &Mutant) -> Result<Verdict, String> {
        let made = mutant.made(&self.root())?;
        let written = write(&made, |made| &made.mutated);
        let judged = written.and_then(|()| self.judge(&mutant.held_by));
        write(&made, |made| &made.whole)?;
        judged
    }

    /// Builds and runs one test. What does not build is an error: it has shown nothing.
    pub(crate) fn judge(&self, test: &Test) -> Result<Verdict, String> {
        if test.package == END_TO_END {
            self.build(&["build", "-p", "luotsi", "--bin", "luotsi"])?;
        }
        let of = if test.is_inside() { ["--lib"].to_vec() } else { vec!["--test", &test.target] };
        let one = [&["test", "-p", &test.package], &of[..]].concat();
        self.build(&[&one[..], &["--no-run"]].concat())?;
        let output = self.cargo(&[&one[..], &["--", "--exact", &test.test]].concat())?;
        let said = String::from_utf8_lossy(&output.stdout);
        if said.contains("test result: ok. 1 passed; 0 failed") {
            Ok(Verdict::Passed)
        } else if said.contains("test result: FAILED. 0 passed; 1 failed") {
            Ok(Verdict::Failed)
        } else {
            Err(format!("{} neither passed nor failed:\n{}", test.test, tail(&output)))
        }
    }

    fn build(&self, arguments: &[&str]) -> Result<(), String> {
        let output = self.cargo(arguments)?;
        if output.status.success() {
            Ok(())
        } else {
            Err(format!("it does not build:\n{}", tail(&output)))
        }
    }

    fn cargo(&self, arguments: &[&str]) -> Result<Output, String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(arguments);
        command.current_dir(self.root()).env("CARGO_TARGET_DIR", &self.target);
        command.output().map_err(|error| format!("cargo does not run: {error}"))
    }
}

fn write(made: &[Made], text: impl Fn(&Made) -> &str) -> Result<(), String> {
    made.iter().try_for_each(|made| {
        fs::write(&made.path, text(made)).map_err(|e| format!("{}: {e}", made.path.display()))
    })
}

fn tail(output: &Output) -> String {
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().collect();
    lines[lines.len().saturating_sub(SHOWN)..].join("\n")
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if LEFT_OUT.iter().any(|left| name == *left) {
            continue;
        }
        let (path, target) = (entry.path(), to.join(&name));
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}
