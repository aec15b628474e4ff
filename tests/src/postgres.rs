//! A PostgreSQL of one test's own, which may be killed.

use std::{net::SocketAddr, process::Command};

use tempfile::TempDir;

use crate::paths;

/// What `tests/run` says when this machine has a PostgreSQL.
const URL: &str = "LUOTSI_TEST_POSTGRES";

/// A server. It ends with the value.
pub struct Postgres {
    home: TempDir,
    url: String,
}

impl Postgres {
    /// Starts one; `None` where this machine has none.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start() -> Option<Self> {
        if std::env::var(URL).unwrap_or_default().is_empty() {
            eprintln!("skipped: no {URL}; tests/run starts a PostgreSQL");
            return None;
        }
        let home = tempfile::Builder::new().prefix("luotsi-pg-").tempdir().expect("a folder");
        let url = run("start", &home);
        Some(Self { home, url })
    }

    /// Its URL, as the owner of everything there.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    ///
    /// # Panics
    /// When its URL names no address.
    pub fn address(&self) -> SocketAddr {
        let (_, place) = self.url.split_once('@').expect("a user");
        let (address, _) = place.split_once('/').expect("a database");
        address.parse().expect("an address")
    }

    /// Its URL by way of another address.
    pub fn url_at(&self, address: SocketAddr) -> String {
        self.url.replace(&self.address().to_string(), &address.to_string())
    }

    /// Ends all of it with SIGKILL.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn kill(&self) {
        run("kill", &self.home);
    }

    /// Starts it again with what it had on its disk, on its port.
    ///
    /// # Panics
    /// When it does not start.
    pub fn again(&self) {
        assert_eq!(run("start", &self.home), self.url, "somebody else took its port");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        run("stop", &self.home);
    }
}

fn run(command: &str, home: &TempDir) -> String {
    let mut script = Command::new(paths::root().join("tests/postgres"));
    let ran = script.arg(command).arg(home.path()).output().expect("tests/postgres runs");
    assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).trim().to_owned()
}
