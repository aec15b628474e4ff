//! The order in which the hub comes up, and goes down.

use std::{
    error::Error,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use luotsi_flow::{ClientKey, Flow, Role, Store, SystemClock, SystemEntropy, Ways};
use luotsi_journal::{Journal, Opened};
use luotsi_port::Services;
use luotsi_region::{Folder, Region, load};
use tokio::runtime::Runtime;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Again,
    books::Books,
    data::DataDir,
    health,
    inbound::{Fetching, WaysIn, ways_in},
    intake, listener, ops,
    reload::{self, Reload},
    sharing,
    state::App,
    telemetry,
};
use crate::{adapters, command::check, keys, settings::Settings};

/// What stops a start, told to the one who started it.
type Refusal = Box<dyn Error>;

/// A hub has ended so long after it was told to.
const END_MAX: Duration = Duration::from_secs(30);
/// How long what is under way may take to finish.
const DRAIN_MAX: Duration = Duration::from_secs(27);
/// How long the latest checkpoint may take after it.
const LAST_WORD_MAX: Duration = Duration::from_secs(2);

/// What is left to do for a hub that has ended, once its runtime has.
pub(super) struct Last {
    journal: Journal,
    by: Instant,
    /// Its lock keeps a second hub out until the journal is closed.
    _data: Arc<DataDir>,
}

impl Last {
    /// Closes the journal, so that it is in its file.
    pub(super) fn close(self) {
        let left = self.by.saturating_duration_since(Instant::now());
        if !self.journal.close(left) {
            tracing::warn!(
                "the journal's write-ahead log stays beside it: a copy wants both files"
            );
        }
    }
}

/// Runs until it is told to end.
pub(super) fn run(
    runtime: &Runtime,
    folder: &Path,
    settings: &Settings,
    again: Again,
) -> Result<Last, Refusal> {
    let (region, mappings) = region(folder)?;
    let data = Arc::new(DataDir::open(&settings.data.dir)?);
    let source = keys::Source::of(&settings.keys.master, &settings.data.dir);
    let database = settings.journal()?;
    let sharing = sharing::sharing(settings, &data)?;
    let teller = sharing.as_ref().map(|sharing| sharing.node);
    let journal = Journal::open_for(&database, source.take_up(&database)?, teller)?;
    // OTLP's exporters have threads of their own that must be made and ended outside the runtime.
    let telemetry = telemetry::start(&settings.log.level)?;
    let clients = ClientKey::new(&data.client_key()?);
    let ops_token = data.ops_token()?;
    let log_key = data.log_key()?;
    let _inside = runtime.enter();
    tell(journal.opened());
    let clock = Arc::new(SystemClock);
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    if sharing.is_some() {
        runtime.block_on(sharing::one_of_them(&journal, &clients, &log_key))??;
    }
    let broker = sharing::broker(settings, &region, &stop, &tasks)?;
    let entropy = Arc::new(SystemEntropy);
    let last = journal.clone();
    let flow = Flow::among(region, journal, clock, entropy, clients, sharing, broker);
    let services = Services { http: adapters::client()?, plan: Arc::new(Store(flow.clone())) };
    let ways = ways(&flow.region(), &services)?;
    let ways_in = ways_in(&flow.region())?;
    let fetching = Arc::new(Fetching::new(flow.clone()));
    let (folder, now) = (folder.to_owned(), settings.clone());
    let reload =
        Reload::new(flow.clone(), services, fetching.clone(), folder, &mappings, again, now);
    let reload = reload.start()?;
    let app = App::new(flow.clone(), ops_token, telemetry.registry.clone());
    let books = Books::new(flow, log_key, data.clone(), settings.audit);
    let inside = Inside { ways, ways_in, fetching, books, reload, stop, tasks };
    let outcome = runtime.block_on(serve(&app, inside, settings));
    telemetry.stop();
    outcome.map(|told| Last { journal: last, by: told + END_MAX, _data: data })
}

/// What the hub did to the journal before it serves, once.
fn tell(opened: &Opened) {
    let Opened { sealed, rewrapped, spare } = opened;
    if *sealed > 0 {
        tracing::info!(messages = sealed, "what was kept in clear is sealed");
    }
    if *rewrapped > 0 {
        tracing::info!(keys = rewrapped, "the clients' keys are wrapped under the new master key");
    }
    for key in spare {
        tracing::info!(%key, "this master key wraps nothing any more: luotsi keys retire");
    }
}

/// Loads the region, and tells where its mappings lie; what is wrong with it is shown whole.
fn region(folder: &Path) -> Result<(Region, String), Refusal> {
    let loaded = load(&Folder::new(folder), &adapters::kinds());
    let findings = check::findings(&loaded);
    match loaded.region {
        Some(region) if !check::has_errors(&findings) => Ok((region, loaded.mappings_folder)),
        _ => {
            check::show(&findings, &loaded.sources);
            Err(format!("the region in {} does not hold, see above", folder.display()).into())
        }
    }
}

/// The way out of every connection that delivers; or which one cannot be made, and why.
pub(super) fn ways(region: &Region, services: &Services) -> Result<Ways, String> {
    let mut ways = Ways::new();
    for connection in region.connections.values().filter(|c| c.delivery.is_some()) {
        let adapter = adapters::find(&connection.adapter)
            .ok_or_else(|| format!("{}: no adapter {:?}", connection.file, connection.adapter))?;
        let way = adapter
            .outbound(&connection.settings, services)
            .map_err(|p| format!("{}: {}; {}", connection.file, p.what, p.mend))?;
        ways.insert(connection.system.clone(), way);
    }
    Ok(ways)
}

/// What is made before anything runs.
struct Inside {
    ways: Ways,
    ways_in: WaysIn,
    fetching: Arc<Fetching>,
    books: Books,
    reload: reload::Started,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Gives the moment at which it was told to end.
async fn serve(app: &Arc<App>, inside: Inside, settings: &Settings) -> Result<Instant, Refusal> {
    let Inside { ways, ways_in, fetching, books, reload, stop, tasks } = inside;
    app.flow.start(ways, &stop, &tasks).await?;
    let takes_in = app.flow.has(Role::Intake);
    let intake = match takes_in {
        true => Some(listener::bind("intake", &settings.intake).await?),
        false => None,
    };
    let ops = listener::bind("ops", &settings.ops).await?;
    // It has the last word, after everything that may still be logged: it stops by itself.
    let closed = CancellationToken::new();
    let books = tokio::spawn(books.keep(closed.clone()));
    tasks.spawn(health::probe(app.flow.clone(), stop.clone()));
    let handles: Vec<_> = intake.iter().chain([&ops]).map(listener::Bound::handle).collect();
    let at = (intake.as_ref().map(|intake| intake.address), ops.address);
    fetching.start(ways_in).await;
    tasks.spawn(reload.run(stop.clone()));
    if let Some(intake) = intake {
        tasks.spawn(intake.serve(intake::router(app.clone())));
    }
    tasks.spawn(ops.serve(ops::router(app.clone())));
    tracing::info!(
        intake = at.0.map(tracing::field::display), ops = %at.1,
        generation = %app.flow.region().generation, "ready"
    );
    stop_signal().await;
    let told = Instant::now();
    tracing::info!("stopping: nothing new is taken in, what is under way is finished");
    app.drain();
    stop.cancel();
    handles.iter().for_each(|handle| handle.graceful_shutdown(Some(DRAIN_MAX)));
    tasks.close();
    if tokio::time::timeout(DRAIN_MAX, tasks.wait()).await.is_err() {
        tracing::warn!("not everything finished in time: the journal has it");
    }
    closed.cancel();
    match tokio::time::timeout(LAST_WORD_MAX, books).await {
        Ok(ended) => ended?,
        Err(_) => tracing::warn!("no checkpoint of the end: the database does not answer"),
    }
    Ok(told)
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
