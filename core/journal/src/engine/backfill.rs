//! Takes SQLite's write-ahead log into the file beside the writer, so that whoever waits for a commit does
//! not wait for that as well.
//!
//! The log begins anew once all of it is in the file and nobody reads an older part. While much is written
//! a thread beside never gets to its end, so it takes most of it, and the writer the rest.

use std::{
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{Builder, JoinHandle},
};

use rusqlite::{Connection, OpenFlags, hooks::Wal};

use crate::Error;

/// So many pages of 4 KiB go into the file beside the writer at once. What the disk has to do for them is
/// felt: four times as many had writes wait twice as long.
const BESIDE: i32 = 2_500;
/// From so many on the writer takes the rest. Large, since it has some to take however soon it does, and a
/// page that is changed often goes into the file each time.
const WHOLE: i32 = 13_000;

/// A thread that does it. It ends when this is dropped.
pub(crate) struct Backfill {
    told: SyncSender<Told>,
    thread: Option<JoinHandle<()>>,
}

enum Told {
    Go,
    End,
}

impl Backfill {
    /// Has it done for the writer's connection; `None`: its file has a name that cannot be told, and SQLite
    /// does it within a commit.
    pub(super) fn of(writer: &mut Connection) -> Result<Option<Self>, Error> {
        let Some(path) = writer.path().map(str::to_owned) else { return Ok(None) };
        let (told, hears) = sync_channel(1);
        let thread = Builder::new()
            .name("journal-backfill".into())
            .spawn(move || run(&path, &hears))
            .map_err(|e| Error::Storage(e.to_string()))?;
        let (tell, mut before) = (told.clone(), 0);
        writer.wal_hook(Some(move |wal: &mut Wal, pages| {
            // An error would be told as the commit's, which is made. What cannot be done is done at the next.
            if pages >= WHOLE {
                let _ = wal.checkpoint();
            }
            let due = pages / BESIDE;
            if due > before {
                let _ = tell.try_send(Told::Go);
            }
            before = due;
            Ok(())
        }))?;
        Ok(Some(Self { told, thread: Some(thread) }))
    }
}

fn run(path: &str, hears: &Receiver<Told>) {
    while let Ok(Told::Go) = hears.recv() {
        if let Err(error) = backfill(path) {
            tracing::warn!(%error, "the journal's write-ahead log cannot be taken into its file beside the writer: commits wait for that meanwhile");
        }
    }
}

/// By a connection of its own each time, so that none holds the file while nothing is done.
fn backfill(path: &str) -> Result<(), Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let beside = Connection::open_with_flags(path, flags)?;
    beside.execute_batch("pragma synchronous = full")?;
    Ok(beside.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(()))?)
}

impl Drop for Backfill {
    fn drop(&mut self) {
        let _ = self.told.send(Told::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
