//! Hubs on one PostgreSQL of their own, each with a line of its own to it that can be cut.

use std::{fs, process::Command};

use crate::{
    hub::Hub, journal::Place, paths, postgres::Postgres, proxy::Proxy, stage::Stage, world::Setup,
};

/// The keys that all hubs of a region share.
const KEYS: [&str; 3] = ["client.key", "log.key", "master.key"];
/// Says where the journal is.
const DATABASE: &str = "LUOTSI_DATABASE__URL";

/// Hubs, their database, and the systems around them.
pub struct Fleet {
    /// The hubs.
    pub hubs: Vec<Hub>,
    /// The line of each to the database.
    pub lines: Vec<Proxy>,
    /// The database.
    pub postgres: Postgres,
    setup: Setup,
}

impl Fleet {
    /// So many hubs, running; `None` where this machine has no PostgreSQL.
    ///
    /// # Panics
    /// When they do not start.
    #[track_caller]
    pub fn start(count: usize) -> Option<Self> {
        let (setup, postgres) = (Setup::new(), Postgres::start()?);
        let ran = luotsi(postgres.url(), &["migrate"]).output().expect("the hub's binary runs");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let lines: Vec<_> = (0..count).map(|_| Proxy::to(postgres.address())).collect();
        let hub = |(nth, line): (usize, &Proxy)| {
            let url = (DATABASE.to_owned(), postgres.url_at(line.address));
            setup.hub_named(&format!("hub-{nth}"), vec![url])
        };
        let hubs: Vec<_> = lines.iter().enumerate().map(hub).collect();
        for hub in &hubs {
            if hub.data != hubs[0].data {
                share_keys(&hubs[0], hub);
            }
            hub.start();
        }
        Some(Self { hubs, lines, postgres, setup })
    }

    /// What a load meets.
    pub fn stage(&self) -> Stage<'_> {
        let Setup { serena, home_care, malli_ry, .. } = &self.setup;
        let place = Place::Server(self.postgres.url().to_owned());
        Stage { hubs: &self.hubs, place, serena, home_care, malli_ry }
    }

    /// Has the whole disclosure log checked, as an auditor would.
    ///
    /// # Panics
    /// When it does not hold.
    #[track_caller]
    pub fn verify_log(&self) {
        let mut audit = luotsi(self.postgres.url(), &["audit", "verify"]);
        let ran = audit.arg("--data").arg(&self.hubs[0].data).output();
        let ran = ran.expect("the hub's binary runs");
        assert!(
            ran.status.success(),
            "{}{}",
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr)
        );
    }
}

fn luotsi(url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(paths::luotsi());
    command.args(arguments).env(DATABASE, url);
    command
}

fn share_keys(from: &Hub, to: &Hub) {
    use std::os::unix::fs::DirBuilderExt;
    let mut folder = fs::DirBuilder::new();
    folder.recursive(true).mode(0o700).create(&to.data).expect("a folder");
    for key in KEYS {
        fs::copy(from.data.join(key), to.data.join(key)).expect("a key of the first hub");
    }
}
