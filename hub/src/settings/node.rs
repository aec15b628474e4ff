//! One hub among several on a journal: what it is there for, and the broker that they tell each other
//! over.

use std::{path::PathBuf, time::Duration};

use luotsi_bus::broker;
use luotsi_flow::Role;
use luotsi_model::Sensitive;
use serde::Deserialize;

use super::{Error, hidden};
use crate::secret;

/// The broker; nothing: the journal itself is looked into.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bus {
    /// With its password, so it is shown nowhere.
    #[serde(default, deserialize_with = "hidden")]
    pub(crate) url: Option<Sensitive<String>>,
    /// A file that holds it, for the hub's user only.
    pub(crate) url_file: Option<PathBuf>,
    /// What the names of its exchanges and queues begin with.
    pub(crate) prefix: String,
}

/// This hub.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Node {
    /// What people call it; the machine's name when empty.
    pub(crate) name: String,
    pub(crate) roles: Vec<RoleName>,
    pub(crate) lease_ms: u64,
}

/// What a hub is there for, as it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RoleName {
    /// Takes in what systems post, and fetches from those that do not.
    Intake,
    /// Sends.
    Dispatch,
    /// Answers operations.
    Ops,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Intake => Self::Intake,
            RoleName::Dispatch => Self::Dispatch,
            RoleName::Ops => Self::Ops,
        }
    }
}

impl Bus {
    /// The broker's settings, where there is one.
    ///
    /// # Errors
    /// When they cannot be used.
    pub(super) fn broker(&self) -> Result<Option<broker::Settings>, Error> {
        let url = match (&self.url, &self.url_file) {
            (None, None) => return Ok(None),
            (Some(url), None) => url.clone(),
            (None, Some(file)) => {
                let no_url = || Error::NoUrl(file.display().to_string(), "bus");
                let text = secret::read(file)?.ok_or_else(no_url)?;
                Sensitive::new(text.trim().to_owned())
            }
            (Some(_), Some(_)) => return Err(Error::TwoUrls("bus")),
        };
        Ok(Some(broker::Settings::new(&url, &self.prefix)?))
    }
}

impl Node {
    pub(crate) const fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }

    /// Its roles, each once.
    pub(crate) fn roles(&self) -> Vec<Role> {
        let has = |role: &Role| self.roles.iter().any(|name| Role::from(*name) == *role);
        Role::ALL.into_iter().filter(has).collect()
    }

    /// What people call it.
    pub(crate) fn name(&self) -> String {
        if !self.name.is_empty() {
            return self.name.clone();
        }
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let name = name.trim();
        if name.is_empty() { "hub".into() } else { name.to_owned() }
    }

    pub(super) fn check(&self, is_shared: bool) -> Result<(), Error> {
        if !(500..=600_000).contains(&self.lease_ms) {
            return Err(Error::Lease(self.lease_ms));
        }
        match self.roles() {
            roles if roles.is_empty() => Err(Error::NoRole),
            roles if roles.len() < Role::ALL.len() && !is_shared => Err(Error::Alone("node.roles")),
            _ => Ok(()),
        }
    }
}
