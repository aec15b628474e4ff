//! Hubs on one PostgreSQL of their own, each with lines of its own to it and to a broker that can be
//! cut, and a door of its own at each system.

use std::{fs, os::unix::fs::DirBuilderExt, process::Command};

use crate::{
    cluster::Cluster, hub::Hub, journal::Place, paths, postgres::Postgres, proxy::Proxy,
    stage::Stage, world::Setup,
};

/// The keys that all hubs of a region share.
const KEYS: [&str; 3] = ["client.key", "log.key", "master.key"];
/// Says where the journal is.
const DATABASE: &str = "LUOTSI_DATABASE__URL";

/// Which hubs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plan {
    /// So many.
    pub hubs: usize,
    /// Nodes of their broker; 0: they have none.
    pub broker_nodes: usize,
    /// After so long without a sign of life one has gone; `None`: as the defaults have it.
    pub lease_ms: Option<u64>,
}

/// Hubs, their database and broker, and the systems around them. Hub n comes to each system by door
/// n + 1.
pub struct Fleet {
    /// The hubs.
    pub hubs: Vec<Hub>,
    /// The line of each to the database.
    pub lines: Vec<Proxy>,
    /// The line of each to its node of the broker.
    pub broker_lines: Vec<Proxy>,
    /// The database.
    pub postgres: Postgres,
    /// The broker.
    pub broker: Option<Cluster>,
    setup: Setup,
}

impl Fleet {
    /// Starts the hubs; `None` where this machine has not what they stand on.
    ///
    /// # Panics
    /// When they do not start.
    #[track_caller]
    pub fn start(plan: Plan) -> Option<Self> {
        if plan.broker_nodes > 0 {
            crate::broker::url()?;
        }
        let (setup, postgres) = (Setup::new(), Postgres::start()?);
        let ran = luotsi(postgres.url(), &["migrate"]).output().expect("the hub's binary runs");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let broker = (plan.broker_nodes > 0).then(|| Cluster::start(plan.broker_nodes));
        let lines = (0..plan.hubs).map(|_| Proxy::to(postgres.address())).collect();
        let node = |hub: usize| hub % plan.broker_nodes + 1;
        let line = |broker: &Cluster| {
            (0..plan.hubs).map(|hub| Proxy::to(broker.address(node(hub)))).collect()
        };
        let broker_lines = broker.as_ref().map(line).unwrap_or_default();
        let hubs = Vec::new();
        let mut fleet = Self { hubs, lines, broker_lines, postgres, broker, setup };
        for nth in 0..plan.hubs {
            let hub = fleet.hub(nth, plan.lease_ms);
            if let Some(first) = fleet.hubs.first() {
                share_keys(first, &hub);
            }
            hub.start();
            fleet.hubs.push(hub);
        }
        Some(fleet)
    }

    fn hub(&self, nth: usize, lease_ms: Option<u64>) -> Hub {
        let name = format!("hub-{nth}");
        let mut environment = vec![
            (DATABASE.to_owned(), self.postgres.url_at(self.lines[nth].address)),
            ("LUOTSI_NODE__NAME".to_owned(), name.clone()),
        ];
        if let Some(ms) = lease_ms {
            environment.push(("LUOTSI_NODE__LEASE_MS".to_owned(), ms.to_string()));
        }
        if let Some(broker) = &self.broker {
            let url =
                broker.url_at(nth % broker.nodes().count() + 1, self.broker_lines[nth].address);
            environment.push(("LUOTSI_BUS__URL".to_owned(), url));
        }
        self.setup.hub_with_doors(&name, environment)
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
    let mut folder = fs::DirBuilder::new();
    folder.recursive(true).mode(0o700).create(&to.data).expect("a folder");
    for key in KEYS {
        fs::copy(from.data.join(key), to.data.join(key)).expect("a key of the first hub");
    }
}
