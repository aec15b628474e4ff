//! Changes of files, as one reason to look again.

use std::{path::PathBuf, time::Duration};

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

/// Files are often changed several at once: no change for so long, and they are taken for whole.
const SETTLING: Duration = Duration::from_millis(500);

/// Hears of changes in folders.
pub(super) struct Changes {
    watcher: RecommendedWatcher,
    watched: Vec<PathBuf>,
    heard: mpsc::Receiver<()>,
}

impl Changes {
    pub(super) fn watch(folders: &[PathBuf]) -> notify::Result<Self> {
        // One place is enough: what matters is that there was a change, not how many.
        let (tell, heard) = mpsc::channel(1);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // Reading the files is an event too, and would go on for ever.
            if event.is_ok_and(|event| !event.kind.is_access()) {
                let _ = tell.try_send(());
            }
        })?;
        let mut changes = Self { watcher, watched: Vec::new(), heard };
        changes.follow(folders)?;
        Ok(changes)
    }

    /// Watches these folders, and no others.
    pub(super) fn follow(&mut self, folders: &[PathBuf]) -> notify::Result<()> {
        for folder in folders.iter().filter(|folder| !self.watched.contains(folder)) {
            self.watcher.watch(folder, RecursiveMode::Recursive)?;
        }
        for folder in self.watched.iter().filter(|folder| !folders.contains(folder)) {
            // A folder that is gone is not watched either.
            let _ = self.watcher.unwatch(folder);
        }
        self.watched = folders.to_vec();
        Ok(())
    }

    /// Resolves when something was changed and nothing more is.
    pub(super) async fn next(&mut self) {
        if self.heard.recv().await.is_none() {
            return std::future::pending().await;
        }
        while tokio::time::timeout(SETTLING, self.heard.recv())
            .await
            .is_ok_and(|more| more.is_some())
        {}
    }
}
