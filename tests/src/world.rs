//! A hub and the systems around it.

use std::{net::SocketAddr, ops::Deref};

use tempfile::TempDir;

use crate::{hub::Hub, journal::Place, region::Region, stage::Stage, standin::StandIn};

/// Fast retries, so that a test need not wait for what production waits for.
const RETRY: &str = "[delivery.retry]\nfirst_ms = 40\neach_max_ms = 250\n";

/// The systems of the demo region that have stand-ins, and their ports there.
const SYSTEMS: [(&str, u16); 3] = [("serena", 7910), ("malli-ry", 7911), ("home-care", 7912)];

/// The demo region's systems, not started yet: a test may still change the region.
pub struct Setup {
    /// The guidance system.
    pub serena: StandIn,
    /// Home care's FHIR server.
    pub home_care: StandIn,
    /// The provider.
    pub malli_ry: StandIn,
    /// The region's copy.
    pub region: Region,
    /// More of the hub's environment.
    pub environment: Vec<(String, String)>,
    home: TempDir,
}

/// A running hub and the systems around it; it is its hub.
pub struct World {
    /// The guidance system.
    pub serena: StandIn,
    /// Home care's FHIR server.
    pub home_care: StandIn,
    /// The provider.
    pub malli_ry: StandIn,
    /// The region's copy.
    pub region: Region,
    hub: Hub,
    _home: TempDir,
}

/// Leads a connection of a region to where a stand-in listens.
fn lead(region: &Region, name: &str, port: u16, to: SocketAddr) {
    let file = format!("connections/{name}.toml");
    region.edit(&file, &format!("127.0.0.1:{port}"), &to.to_string());
    region.append(&file, RETRY);
}

impl Setup {
    /// The demo region with stand-ins for its systems.
    ///
    /// # Panics
    /// When the region's files are not as expected.
    pub fn new() -> Self {
        let home = tempfile::Builder::new().prefix("luotsi-").tempdir().expect("a folder");
        let region = Region::copy(home.path());
        let [serena, malli_ry, home_care] = SYSTEMS.map(|(name, port)| {
            let standin = StandIn::start();
            lead(&region, name, port, standin.address);
            standin
        });
        Self { serena, home_care, malli_ry, region, environment: Vec::new(), home }
    }

    /// The hub, not started.
    pub fn hub(&self) -> Hub {
        Hub::new(self.home.path(), self.region.folder(), self.environment.clone())
    }

    /// A hub of several, not started, with a folder and an environment of its own beside the common.
    ///
    /// # Panics
    /// When its folder cannot be made.
    pub fn hub_named(&self, name: &str, environment: Vec<(String, String)>) -> Hub {
        let environment = [self.environment.clone(), environment].concat();
        Hub::new(&self.folder(name), self.region.folder(), environment)
    }

    /// The same, which comes to each system by a door of its own.
    ///
    /// # Panics
    /// When its folder cannot be made.
    pub fn hub_with_doors(&self, name: &str, environment: Vec<(String, String)>) -> Hub {
        let home = self.folder(name);
        let region = Region::copy(&home);
        let standins = [&self.serena, &self.malli_ry, &self.home_care];
        for ((name, port), standin) in SYSTEMS.into_iter().zip(standins) {
            lead(&region, name, port, standin.door());
        }
        let environment = [self.environment.clone(), environment].concat();
        Hub::new(&home, region.folder(), environment)
    }

    fn folder(&self, name: &str) -> std::path::PathBuf {
        let home = self.home.path().join(name);
        std::fs::create_dir(&home).expect("a writable folder");
        home
    }

    /// A file beside the hub's.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn file(&self, name: &str, content: &str) -> std::path::PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, content).expect("a writable folder");
        path
    }

    /// Starts the hub.
    #[track_caller]
    pub fn start(self) -> World {
        let hub = self.hub();
        hub.start();
        let Self { serena, home_care, malli_ry, region, home, .. } = self;
        World { serena, home_care, malli_ry, region, hub, _home: home }
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// The demo region as it is, running.
    #[track_caller]
    pub fn new() -> Self {
        Setup::new().start()
    }

    /// What a load meets.
    pub fn stage(&self) -> Stage<'_> {
        let Self { serena, home_care, malli_ry, hub, .. } = self;
        let place = Place::File(hub.data.join("luotsi.db"));
        Stage { hubs: std::slice::from_ref(hub), place, serena, home_care, malli_ry }
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for World {
    type Target = Hub;

    fn deref(&self) -> &Hub {
        &self.hub
    }
}
