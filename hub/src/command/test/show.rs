//! The bar while cases run, and the last line.

use std::{
    io::{self, IsTerminal},
    path::Path,
};

use indicatif::{ProgressBar, ProgressStyle};

use super::Ran;
use crate::command::{Format, Ink, layout::count};

/// A bar on a terminal, and nothing in a pipe.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new(cases: usize, format: Format) -> Self {
        let is_seen = format == Format::Human && io::stderr().is_terminal();
        let bar = if is_seen { ProgressBar::new(cases as u64) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
        Self(style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style)))
    }

    pub(super) fn at(&self, suite: &str, dir: &Path) {
        let name = dir.file_name().unwrap_or_default().to_string_lossy();
        self.0.set_message(format!("{suite}/{name}"));
        self.0.inc(1);
    }

    pub(super) fn done(&self) {
        self.0.finish_and_clear();
    }
}

/// How many hold, for the person; a program has its lines and exit code.
pub(super) fn summary(ran: &[Ran], is_blessing: bool, format: Format) {
    if format != Format::Human {
        return;
    }
    let ink = Ink::stderr();
    let took = ran.iter().map(|case| case.took).sum::<std::time::Duration>();
    let failed = ran.iter().filter(|case| !case.holds && !case.blessed).count();
    let blessed = ran.iter().filter(|case| case.blessed).count();
    let all = count(ran.len(), "case");
    let took = ink.faint(format!("({:.1} s)", took.as_secs_f64()));
    if is_blessing && blessed > 0 {
        eprintln!("{} {} rewritten: read the diff", ink.warn("~"), count(blessed, "case"));
    }
    match failed {
        0 => eprintln!("{} {all}, all hold {took}", ink.good("✓")),
        1 => eprintln!("{} {all}, 1 does not hold {took}", ink.bad("✗")),
        some => eprintln!("{} {all}, {some} do not hold {took}", ink.bad("✗")),
    }
}
