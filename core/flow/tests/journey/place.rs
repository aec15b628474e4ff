//! Where a world's journal is kept: in a file, or on the server that `tests/run` starts.

use std::{
    fs,
    path::Path,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use luotsi_journal::{Connection, Database, migrate};
use tempfile::TempDir;

/// `postgres`: every world of this run has its journal on the server.
const ENGINE: &str = "LUOTSI_TEST_JOURNAL";
/// The URL of a server whose user may make databases.
const URL: &str = "LUOTSI_TEST_POSTGRES";

const FILE: &str = "journal.db";

/// A file whose schema is today's, and that holds nothing: brought to its version once for all.
static EMPTY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = folder();
    let file = folder.path().join(FILE);
    migrate(&file).unwrap();
    fs::read(file).unwrap()
});

/// In memory where the machine has such a place. What is killed here is a hub and not the machine,
/// so what was handed to the kernel stays.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory).unwrap() } else { TempDir::new().unwrap() }
}

pub(crate) enum Place {
    File(TempDir),
    Server { server: Database, name: String, database: Database },
}

/// Whether this run is on the server.
pub(crate) fn is_on_server() -> bool {
    std::env::var(ENGINE).is_ok_and(|engine| engine == "postgres")
}

/// How long nothing may move before it is taken for a pause of the hub's own.
pub(crate) fn pause() -> Duration {
    Duration::from_millis(if is_on_server() { 300 } else { 20 })
}

impl Place {
    pub(crate) fn new() -> Self {
        if is_on_server() { Self::on_server() } else { Self::in_file() }
    }

    fn in_file() -> Self {
        let folder = folder();
        fs::write(folder.path().join(FILE), &*EMPTY).unwrap();
        Self::File(folder)
    }

    fn on_server() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let url = std::env::var(URL).expect("a server to run on");
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("journey_{}_{next}", std::process::id());
        let server = Database::of_url(&url).unwrap();
        Connection::open(&server).unwrap().batch(&format!("create database {name}")).unwrap();
        let (place, _) = url.rsplit_once('/').unwrap();
        let database = Database::of_url(&format!("{place}/{name}")).unwrap();
        migrate(&database).unwrap();
        Self::Server { server, name, database }
    }

    pub(crate) fn database(&self) -> Database {
        match self {
            Self::File(folder) => (&folder.path().join(FILE)).into(),
            Self::Server { database, .. } => database.clone(),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Self::Server { server, name, .. } = self else { return };
        if let Ok(admin) = Connection::open(server) {
            let _ = admin.batch(&format!("drop database {name} with (force)"));
        }
    }
}
