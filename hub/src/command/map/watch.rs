//! Showing it again at each change.

use std::{
    io::{self, IsTerminal},
    path::Path,
    sync::mpsc::{self, RecvTimeoutError},
    time::Duration,
};

use notify::{RecursiveMode, Watcher};

use super::{Exit, Failure, Format, One, again, put};

/// An editor writes a file in several steps: what comes within this is one change.
const SETTLING: Duration = Duration::from_millis(60);

/// Clears the terminal and its history, and goes to the top.
const CLEAR: &str = "\x1b[2J\x1b[3J\x1b[H";

pub(super) fn run(one: &One<'_>, format: Format) -> Result<Exit, Failure> {
    let root = one.root()?;
    let (tell, told) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading a file is an event too, and would go on for ever.
        if event.is_ok_and(|event| !event.kind.is_access()) {
            // The receiver lives as long as the watcher.
            let _ = tell.send(());
        }
    })
    .map_err(|error| unwatchable(&error))?;
    let folder = one.file.parent().filter(|path| !path.as_os_str().is_empty());
    let beside = folder.unwrap_or(Path::new("."));
    // The folder and not the file: an editor may put a new file in its place.
    for (path, mode) in [(&*root, RecursiveMode::Recursive), (beside, RecursiveMode::NonRecursive)]
    {
        watcher.watch(path, mode).map_err(|error| unwatchable(&error))?;
    }
    loop {
        if format == Format::Human && io::stdout().is_terminal() {
            put(CLEAR)?;
        }
        again(one, format)?;
        if told.recv().is_err() {
            return Ok(Exit::Ok);
        }
        while !matches!(
            told.recv_timeout(SETTLING),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)
        ) {}
    }
}

fn unwatchable(error: &notify::Error) -> Failure {
    Failure::new(Exit::Usage, "the files cannot be watched")
        .why(error.to_string())
        .mend("go without --watch")
}
