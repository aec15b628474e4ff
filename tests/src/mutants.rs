//! Seeded defects, each with the test that must fail on it: what shows that the tests see.
//!
//! They are data, in `tests/mutants/*.toml`. The binary `mutants` makes them one by one in a copy
//! of the tree; the test of the same name holds that each can still be made.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::paths;

/// One file of mutants.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    mutant: Vec<Mutant>,
}

/// A defect.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// What it is called.
    pub name: String,
    /// The law that it breaks.
    pub breaks: String,
    /// The test that must fail on it.
    pub held_by: Test,
    /// How it is made.
    pub edits: Vec<Edit>,
}

/// One test of one target.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// The package.
    pub package: String,
    /// The test target; `lib`: the package's own tests.
    pub target: String,
    /// The test's whole name in its target.
    pub test: String,
}

/// One replacement.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The file, from the root of the tree.
    pub file: PathBuf,
    /// What stands there exactly once.
    pub find: String,
    /// What is put in its place.
    pub replace: String,
}

/// Every mutant, in the order of the files.
///
/// # Panics
/// When a file cannot be read.
pub fn all() -> Vec<Mutant> {
    let folder = paths::root().join("tests/mutants");
    let entries = fs::read_dir(folder).expect("a folder of mutants").flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files.iter().flat_map(|file| read(file)).collect()
}

fn read(path: &Path) -> Vec<Mutant> {
    let text = fs::read_to_string(path).expect("a readable file");
    let file: File =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    file.mutant
}

impl Mutant {
    /// The files that it changes, with their text as it is and as the mutant has it.
    ///
    /// # Errors
    /// Which edit cannot be made in the tree at `root`, and why.
    pub fn made(&self, root: &Path) -> Result<Vec<Made>, String> {
        let mut made: Vec<Made> = Vec::new();
        for edit in &self.edits {
            let path = root.join(&edit.file);
            let at = match made.iter().position(|made| made.path == path) {
                Some(at) => at,
                None => {
                    let text = fs::read_to_string(&path)
                        .map_err(|error| format!("{}: {error}", path.display()))?;
                    made.push(Made { path, whole: text.clone(), mutated: text });
                    made.len() - 1
                }
            };
            let text = &mut made[at].mutated;
            let found = text.matches(&edit.find).count();
            if found != 1 {
                let file = edit.file.display();
                return Err(format!("{:?} stands {found} times in {file}, not once", edit.find));
            }
            *text = text.replace(&edit.find, &edit.replace);
        }
        Ok(made)
    }
}

/// A file with and without the defect.
#[derive(Debug)]
pub struct Made {
    /// Where it is.
    pub path: PathBuf,
    /// Its text as it is.
    pub whole: String,
    /// Its text with the defect.
    pub mutated: String,
}

impl Test {
    /// Whether it is one of the package's own, and of no target of its own.
    pub fn is_inside(&self) -> bool {
        self.target == "lib"
    }

    /// The sources of its target: one file, or a folder of them and of its rooms.
    pub fn sources(&self) -> Vec<PathBuf> {
        let package = match self.package.strip_prefix("luotsi-") {
            Some("tests") => paths::root().join("tests"),
            Some(core) => paths::root().join("core").join(core),
            None => paths::root().join("hub"),
        };
        if let (true, Some((room, _))) = (self.is_inside(), self.test.rsplit_once("::")) {
            // A module of tests has a file of its own, or stands at the end of what it tests.
            let rooms = [Some(room), room.strip_suffix("::tests")].into_iter().flatten();
            let file = |room: &str| format!("{}.rs", room.replace("::", "/"));
            return rooms.map(|room| package.join("src").join(file(room))).collect();
        }
        let tests = package.join("tests");
        let file = tests.join(format!("{}.rs", self.target));
        let within = inside(&tests.join(&self.target));
        let rooms = within.iter().flat_map(|room| inside(room));
        rooms.chain(within.clone()).chain([file]).filter(|path| path.is_file()).collect()
    }
}

/// What a folder holds; of anything else nothing.
fn inside(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}
