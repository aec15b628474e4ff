//! A changed region put in force without a restart: at SIGHUP, and where asked for at each change of
//! its files. Whole or not at all: where something is wrong, it is shown and the old generation goes
//! on.

mod changes;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use luotsi_flow::{Flow, Ways};
use luotsi_port::Services;
use luotsi_region::{Folder, Region, compare, load};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{
    Again,
    inbound::{Fetching, WaysIn, ways_in},
};
use crate::{adapters, command::check, settings::Settings};
use changes::Changes;

/// What a reload needs.
pub(super) struct Reload {
    flow: Arc<Flow>,
    services: Services,
    fetching: Arc<Fetching>,
    folder: PathBuf,
    again: Again,
    /// As of the start: what of them has changed since needs a restart.
    settings: Settings,
    /// The folder of mappings that is watched, as the region last named it.
    mappings: Mutex<PathBuf>,
}

/// Why a reload is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Signal,
    Files,
}

/// A region that holds, and its ways out.
struct Sound {
    region: Region,
    ways: Ways,
    ways_in: WaysIn,
    mappings: String,
}

impl Reload {
    pub(super) fn new(
        flow: Arc<Flow>,
        services: Services,
        fetching: Arc<Fetching>,
        folder: PathBuf,
        mappings: &str,
        again: Again,
        settings: Settings,
    ) -> Self {
        let mappings = Mutex::new(folder.join(mappings));
        Self { flow, services, fetching, folder, again, settings, mappings }
    }

    /// Waits for a reason to reload, until `stop`.
    ///
    /// # Errors
    /// When signals cannot be heard, or files not watched where that is asked for.
    pub(super) fn start(self) -> Result<Started, Box<dyn std::error::Error>> {
        let hangup = signal(SignalKind::hangup())?;
        let changes = match self.again.watch {
            true => Some(Changes::watch(&self.watched())?),
            false => None,
        };
        Ok(Started { reload: Arc::new(self), hangup, changes })
    }

    fn watched(&self) -> [PathBuf; 2] {
        let mappings = self.mappings.lock().unwrap_or_else(PoisonError::into_inner);
        [self.folder.clone(), mappings.clone()]
    }

    async fn reload(self: &Arc<Self>, why: Why) {
        let reading = self.clone();
        let read = tokio::task::spawn_blocking(move || reading.read());
        let Ok(read) = read.await else {
            return tracing::error!("reading the region failed: the old generation goes on");
        };
        let sound = match read {
            Ok(sound) => sound,
            Err(errors) => {
                let generation = self.flow.region().generation.clone();
                return tracing::error!(
                    errors, %generation,
                    "the changed region does not hold, see above: the old generation goes on"
                );
            }
        };
        let old = self.flow.region();
        if why == Why::Files && sound.region.generation == old.generation {
            return;
        }
        if why == Why::Signal {
            self.tell_what_needs_a_restart();
        }
        let widens = compare::compare(&old, &sound.region).widens.len();
        let before = self.fetching.pause().await;
        let exchanged = self.flow.exchange(sound.region, sound.ways).await;
        self.fetching.start(if exchanged.is_ok() { sound.ways_in } else { before }).await;
        match exchanged {
            Ok(exchanged) => {
                let folder = self.folder.join(sound.mappings);
                *self.mappings.lock().unwrap_or_else(PoisonError::into_inner) = folder;
                let names = |systems: &[luotsi_model::SystemId]| {
                    systems.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
                };
                tracing::info!(
                    from = %exchanged.from, to = %exchanged.to, widens,
                    added = names(&exchanged.added), removed = names(&exchanged.removed),
                    decided_again = exchanged.waiting, "the generation is exchanged"
                );
            }
            Err(error) => {
                tracing::error!(%error, "the journal fails: the old generation goes on");
            }
        }
    }

    /// The region as its files are now, or how many errors it has; those are shown.
    fn read(&self) -> Result<Sound, usize> {
        let mut loaded = load(&Folder::new(&self.folder), &adapters::kinds());
        let findings = check::findings(&loaded);
        let errors = check::errors(&findings);
        let Some(region) = loaded.region.take().filter(|_| errors == 0) else {
            check::show_below(&self.folder, &findings, &loaded.sources);
            return Err(errors.max(1));
        };
        let ways = super::start::ways(&region, &self.services);
        match ways.and_then(|ways| Ok((ways, ways_in(&region)?))) {
            Ok((ways, ways_in)) => {
                Ok(Sound { region, ways, ways_in, mappings: loaded.mappings_folder })
            }
            Err(why) => {
                eprintln!("luotsi: {why}");
                Err(1)
            }
        }
    }

    /// The service's own settings are read once; what was changed in them is named.
    fn tell_what_needs_a_restart(&self) {
        let Again { settings, flags, .. } = &self.again;
        match Settings::read(settings.as_deref(), flags.clone()) {
            Ok(now) => {
                let changed = self.settings.changed(&now);
                if !changed.is_empty() {
                    let settings = changed.join(" ");
                    tracing::warn!(settings, "these settings were changed and need a restart");
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the settings no longer hold; the next start would fail");
            }
        }
    }
}

/// A reload that listens.
pub(super) struct Started {
    reload: Arc<Reload>,
    hangup: Signal,
    changes: Option<Changes>,
}

impl Started {
    /// Reloads whenever there is a reason, one at a time, until `stop`.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        loop {
            let why = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                heard = self.hangup.recv() => heard.map(|()| Why::Signal),
                () = changed(&mut self.changes) => Some(Why::Files),
            };
            let Some(why) = why else { return };
            self.reload.reload(why).await;
            if let Some(changes) = &mut self.changes
                && let Err(error) = changes.follow(&self.reload.watched())
            {
                tracing::warn!(%error, "the region's files are no longer watched; SIGHUP reloads");
                self.changes = None;
            }
        }
    }
}

async fn changed(changes: &mut Option<Changes>) {
    match changes {
        Some(changes) => changes.next().await,
        None => std::future::pending().await,
    }
}
