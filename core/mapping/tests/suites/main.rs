//! Other people's bad input: the W3C's XML conformance suite, a JSON parsing suite, defusedxml's
//! bombs, the big list of naughty strings. `tests/run` fetches them into `target/suites`; none of it
//! is the project's. Where they are not, nothing is tested and that is said.
//!
//! Every document is read or refused, none takes longer than a second, and all of them together take
//! no more than 256 MiB.

#![expect(clippy::unwrap_used, reason = "tests, helpers included, fail by panic")]

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use luotsi_mapping::{Fault, Format, Limits, read};

mod json;
mod strings;
mod xml;

const DOCUMENT_TIME_MAX: Duration = Duration::from_secs(1);
const MEMORY_KIB_MAX: u64 = 256 * 1024;

/// Where a suite is; nothing where it was not fetched.
fn suite(path: &str) -> Option<PathBuf> {
    let asked = std::env::var_os("LUOTSI_SUITES").map(PathBuf::from);
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/suites");
    let found = asked.clone().unwrap_or_else(usual).join(path);
    if !found.exists() {
        assert!(asked.is_none(), "{} is not there", found.display());
        eprintln!("skipped: {path} has not been fetched; tests/run does");
        return None;
    }
    Some(found)
}

/// Reads a document in time; its leaves, or the code it is refused by.
fn judge(name: &str, format: Format, bytes: &[u8]) -> Result<usize, &'static str> {
    let started = Instant::now();
    let outcome = read(format, bytes, &Limits::default()).map(|document| document.leaves());
    assert!(started.elapsed() < DOCUMENT_TIME_MAX, "{name} took {:?}", started.elapsed());
    if let Err(Fault { line, column, .. }) = &outcome {
        assert!(*line > 0 && *column > 0, "{name} is refused at no place");
    }
    outcome.map_err(|fault| fault.code)
}

/// The most that this process has had at once.
fn check_memory() {
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return };
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < MEMORY_KIB_MAX, "{peak} KiB at once");
}
