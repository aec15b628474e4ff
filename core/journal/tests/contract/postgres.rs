//! A journal on a PostgreSQL server, where there is one.

use std::{
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use luotsi_journal::{Connection, Database, Journal, NodeId, migrate};

use tempfile::TempDir;

use crate::{Place, world::masters};

/// The URL of a server whose user may make databases; `tests/run` starts one.
pub(crate) const URL: &str = "LUOTSI_TEST_POSTGRES";

/// The URL of the server that the tests share.
fn shared() -> Option<String> {
    let url = std::env::var(URL).ok();
    if url.is_none() {
        eprintln!("skipped: no {URL}");
    }
    url
}

/// A server of its own, which may be killed; gone with its end.
pub(crate) struct Server {
    home: TempDir,
    url: String,
}

impl Server {
    /// Where there is one to share, another can be started.
    pub(crate) fn start() -> Option<Self> {
        shared()?;
        let home = tempfile::Builder::new().prefix("luotsi-pg-").tempdir().expect("a folder");
        let url = run("start", &home);
        Some(Self { home, url })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Ends all of it with SIGKILL.
    pub(crate) fn kill(&self) {
        run("kill", &self.home);
    }

    /// Starts it again with what it had on its disk, on its port.
    pub(crate) fn again(&self) {
        assert_eq!(run("start", &self.home), self.url, "somebody else took its port");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        run("stop", &self.home);
    }
}

fn run(command: &str, home: &TempDir) -> String {
    let mut script = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/postgres"));
    let ran = script.arg(command).arg(home.path()).output().expect("tests/postgres runs");
    assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).trim().to_owned()
}

/// A database of its own, gone with its end.
pub(crate) struct Own {
    server: Database,
    name: String,
    url: String,
    pub(crate) database: Database,
}

impl Own {
    /// Where the server listens.
    pub(crate) fn address(&self) -> String {
        let (_, place) = self.url.split_once('@').expect("a user");
        place.split_once('/').expect("a database").0.to_owned()
    }

    /// Its URL by way of another address.
    pub(crate) fn url_at(&self, address: &str) -> String {
        self.url.replace(&self.address(), address)
    }

    /// Its URL for another role.
    pub(crate) fn url_as(&self, role: &str, password: &str) -> String {
        let (_, place) = self.url.split_once('@').expect("a user");
        format!("postgres://{role}:{password}@{place}")
    }
}

impl Own {
    /// On the server of that URL.
    pub(crate) fn at(url: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("contract_{}_{next}", std::process::id());
        let server = Database::of_url(url).expect("a server");
        let admin = Connection::open(&server).expect("reachable");
        admin.batch(&format!("create database {name}")).expect("made");
        let (place, _) = url.rsplit_once('/').expect("a database");
        let url = format!("{place}/{name}");
        let database = Database::of_url(&url).expect("a database");
        migrate(&database).expect("migrated");
        Self { server, name, url, database }
    }
}

impl Place for Own {
    fn new() -> Option<Self> {
        shared().map(|url| Self::at(&url))
    }

    fn open_for(&self, teller: Option<NodeId>) -> Journal {
        Journal::open_for(&self.database, masters(&[7]), teller).expect("a journal")
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Ok(admin) = Connection::open(&self.server) {
            let _ = admin.batch(&format!("drop database {} with (force)", self.name));
        }
    }
}
