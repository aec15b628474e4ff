//! A journal on a PostgreSQL server, where there is one.

use std::sync::atomic::{AtomicU32, Ordering};

use luotsi_journal::{Connection, Database, Journal, NodeId, migrate};

use crate::{Place, world::masters};

/// The URL of a server whose user may make databases; `tests/run` starts one.
pub(crate) const URL: &str = "LUOTSI_TEST_POSTGRES";

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

impl Place for Own {
    fn new() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let Ok(url) = std::env::var(URL) else {
            eprintln!("skipped: no {URL}");
            return None;
        };
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("contract_{}_{next}", std::process::id());
        let server = Database::of_url(&url).expect("a server");
        let admin = Connection::open(&server).expect("reachable");
        admin.batch(&format!("create database {name}")).expect("made");
        let (place, _) = url.rsplit_once('/').expect("a database");
        let url = format!("{place}/{name}");
        let database = Database::of_url(&url).expect("a database");
        migrate(&database).expect("migrated");
        Some(Self { server, name, url, database })
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
