//! The service's settings: flags > `LUOTSI_…` environment > file > embedded defaults.

mod node;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use config::{Config, Environment, File, FileFormat};
use luotsi_model::Sensitive;
use serde::{Deserialize, Deserializer};

use crate::{embedded, secret};

pub(crate) use node::{Bus, Node, RoleName};

/// Everything that is set for the service, as against the region it serves.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) intake: Listener,
    pub(crate) ops: Listener,
    pub(crate) data: Data,
    #[serde(default)]
    pub(crate) database: Database,
    pub(crate) bus: Bus,
    pub(crate) node: Node,
    pub(crate) log: Log,
    pub(crate) audit: Audit,
    #[serde(default)]
    pub(crate) keys: Keys,
}

/// The keys that payloads are sealed under.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    #[serde(default)]
    pub(crate) master: Master,
}

/// Where the master keys come from; nothing: a file of the data folder.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Master {
    pub(crate) file: Option<PathBuf>,
    pub(crate) command: Option<Vec<String>>,
}

/// One listener.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listener {
    pub(crate) listen: SocketAddr,
    #[serde(default)]
    pub(crate) tls: Option<Tls>,
}

/// A certificate and its key, PEM.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    pub(crate) cert_file: PathBuf,
    pub(crate) key_file: PathBuf,
}

/// Where things are kept.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Data {
    pub(crate) dir: PathBuf,
}

/// The server that the journal is on; nothing: a file of the data folder.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Database {
    /// With its password, so it is shown nowhere.
    #[serde(default, deserialize_with = "hidden")]
    pub(crate) url: Option<Sensitive<String>>,
    /// A file that holds it, for the hub's user only.
    pub(crate) url_file: Option<PathBuf>,
}

fn hidden<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Sensitive<String>>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(Sensitive::new))
}

/// What is told.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) level: String,
}

/// How the disclosure log and the use log are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Audit {
    pub(crate) disclosure_retention_years: u16,
    pub(crate) use_retention_years: u16,
    pub(crate) checkpoint_interval_s: u32,
}

/// What flags override.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) data: Option<PathBuf>,
    pub(crate) intake: Option<SocketAddr>,
    pub(crate) ops: Option<SocketAddr>,
    pub(crate) roles: Vec<RoleName>,
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A key or a value that does not fit; the text names it.
    #[error("the settings cannot be read: {0}")]
    Unreadable(#[from] config::ConfigError),
    /// A listener that would speak in clear to others.
    #[error(
        "the {name} listener would speak in clear on {listen}, beyond this machine; \
         give it a certificate ([{name}.tls] cert_file, key_file), or let it listen on 127.0.0.1 \
         behind a proxy that ends TLS"
    )]
    InClear {
        /// `intake` or `ops`.
        name: &'static str,
        /// Its address.
        listen: SocketAddr,
    },
    /// Two places for the one thing.
    #[error("keys.master names a file and a command; leave one of them out")]
    Master,
    /// Two places for the other one.
    #[error("{0} names a url and a url_file; leave one of them out")]
    TwoUrls(&'static str),
    /// Something for several hubs, where there can be only one.
    #[error(
        "{0} is for hubs that share a journal, and this one has its journal in a file of its own; \
         leave it out, or name a server in database.url_file"
    )]
    Alone(&'static str),
    /// A hub that is there for nothing.
    #[error("node.roles names no role; let it name some of intake, dispatch, ops, or leave it out")]
    NoRole,
    /// A lease that is none.
    #[error("node.lease_ms is {0}; let it be from 500 to 600000")]
    Lease(u64),
    /// A broker that cannot be used.
    #[error(transparent)]
    Bus(#[from] luotsi_bus::broker::Unusable),
    /// A database that cannot be used.
    #[error(transparent)]
    Journal(#[from] luotsi_journal::Error),
    /// The file with its URL cannot be read.
    #[error(transparent)]
    Secret(#[from] secret::Error),
    /// There is no such file.
    #[error("there is no {0}, which {1}.url_file names; put the URL there, with mode 0600")]
    NoUrl(String, &'static str),
    /// A retention or an interval that would leave nothing to prove.
    #[error("audit.{name} is {found}; let it be from {least} to {most}")]
    Audit {
        /// The setting.
        name: &'static str,
        /// What it is.
        found: u32,
        /// The least that it may be.
        least: u32,
        /// The most.
        most: u32,
    },
}

impl Settings {
    /// Reads the settings; afterwards they can be used as they are.
    ///
    /// # Errors
    /// What does not fit, by name.
    pub(crate) fn read(file: Option<&Path>, flags: Flags) -> Result<Self, Error> {
        let mut builder =
            Config::builder().add_source(File::from_str(embedded::SETTINGS, FileFormat::Toml));
        if let Some(path) = file {
            builder = builder.add_source(File::from(path).format(FileFormat::Toml));
        }
        // Only names of two steps are settings: LUOTSI_DATA, LUOTSI_OPS_URL and the secrets are not.
        let environment = Environment::with_prefix("LUOTSI")
            .prefix_separator("_")
            .separator("__")
            .source(Some(settings_in(std::env::vars())));
        let mut settings: Self = builder.add_source(environment).build()?.try_deserialize()?;
        settings.data.dir = flags.data.unwrap_or(settings.data.dir);
        settings.intake.listen = flags.intake.unwrap_or(settings.intake.listen);
        settings.ops.listen = flags.ops.unwrap_or(settings.ops.listen);
        settings.intake.check("intake")?;
        settings.ops.check("ops")?;
        settings.audit.check()?;
        if settings.keys.master.file.is_some() && settings.keys.master.command.is_some() {
            return Err(Error::Master);
        }
        if !flags.roles.is_empty() {
            settings.node.roles = flags.roles;
        }
        settings.journal()?;
        settings.node.check(settings.is_shared())?;
        if settings.broker()?.is_some() && !settings.is_shared() {
            return Err(Error::Alone("bus"));
        }
        Ok(settings)
    }

    /// Whether other hubs may be on the journal.
    pub(crate) const fn is_shared(&self) -> bool {
        self.database.url.is_some() || self.database.url_file.is_some()
    }

    /// The broker that hubs tell each other over, where there is one.
    ///
    /// # Errors
    /// When its URL cannot be used.
    pub(crate) fn broker(&self) -> Result<Option<luotsi_bus::broker::Settings>, Error> {
        self.bus.broker()
    }

    /// Where the journal is.
    ///
    /// # Errors
    /// When a server's URL cannot be used.
    pub(crate) fn journal(&self) -> Result<luotsi_journal::Database, Error> {
        let Database { url, url_file } = &self.database;
        match (url, url_file) {
            (None, None) => Ok((&self.data.dir.join("luotsi.db")).into()),
            (Some(url), None) => Ok(luotsi_journal::Database::of_url(url.reveal())?),
            (None, Some(file)) => {
                let text = secret::read(file)?;
                let text =
                    text.ok_or_else(|| Error::NoUrl(file.display().to_string(), "database"))?;
                Ok(luotsi_journal::Database::of_url(text.trim())?)
            }
            (Some(_), Some(_)) => Err(Error::TwoUrls("database")),
        }
    }

    /// The tables that say something else in `other`.
    pub(crate) fn changed(&self, other: &Self) -> Vec<&'static str> {
        let tables = [
            ("intake", self.intake == other.intake),
            ("ops", self.ops == other.ops),
            ("data", self.data == other.data),
            ("database", self.database == other.database),
            ("bus", self.bus == other.bus),
            ("node", self.node == other.node),
            ("log", self.log == other.log),
            ("audit", self.audit == other.audit),
            ("keys", self.keys == other.keys),
        ];
        tables.into_iter().filter(|(_, is_same)| !is_same).map(|(name, _)| name).collect()
    }
}

fn settings_in(
    variables: impl Iterator<Item = (String, String)>,
) -> std::collections::HashMap<String, String> {
    variables.filter(|(name, _)| name.starts_with("LUOTSI_") && name.contains("__")).collect()
}

impl Listener {
    fn check(&self, name: &'static str) -> Result<(), Error> {
        if self.tls.is_none() && !self.listen.ip().is_loopback() {
            return Err(Error::InClear { name, listen: self.listen });
        }
        Ok(())
    }
}

impl Audit {
    fn check(self) -> Result<(), Error> {
        let years = u32::from;
        let all = [
            // What is still being delivered must find its entries, whatever its deadline is.
            ("disclosure_retention_years", years(self.disclosure_retention_years), 1, 100),
            ("use_retention_years", years(self.use_retention_years), 1, 100),
            ("checkpoint_interval_s", self.checkpoint_interval_s, 1, 86_400),
        ];
        let wrong = all.into_iter().find(|(_, found, least, most)| found < least || found > most);
        wrong.map_or(Ok(()), |(name, found, least, most)| {
            Err(Error::Audit { name, found, least, most })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_hold_and_flags_go_over_them() {
        let flags = Flags { data: Some("elsewhere".into()), ..Flags::default() };
        let settings = Settings::read(None, flags).unwrap();
        assert_eq!(settings.data.dir, Path::new("elsewhere"));
        assert!(settings.intake.listen.ip().is_loopback());
    }

    #[test]
    fn no_log_is_kept_for_nothing() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("settings.toml");
        let read = |text| {
            std::fs::write(&file, text).unwrap();
            Settings::read(Some(&file), Flags::default())
        };
        let kept = read("[audit]\nuse_retention_years = 5").unwrap().audit;
        assert_eq!((kept.disclosure_retention_years, kept.use_retention_years), (12, 5));
        for text in
            ["[audit]\ndisclosure_retention_years = 0", "[audit]\ncheckpoint_interval_s = 0"]
        {
            assert!(matches!(read(text), Err(Error::Audit { least: 1, .. })), "{text}");
        }
    }

    #[test]
    fn a_database_has_one_url_which_is_not_shown() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("settings.toml");
        let read = |text| {
            std::fs::write(&file, text).unwrap();
            Settings::read(Some(&file), Flags::default())
        };
        let url = "[database]\nurl = \"postgres://hub:sala-sana@127.0.0.1/luotsi\"";
        let settings = read(url).unwrap();
        assert!(!format!("{settings:?}").contains("sala-sana"));
        for (text, says) in [
            (
                "[database]\nurl = \"postgres://hub:sala-sana@db.example/l?sslmode=prefer\"",
                "verify-full",
            ),
            ("[database]\nurl = \"mysql://hub:sala-sana@127.0.0.1/l\"", "postgres://"),
            ("[database]\nurl = \"postgres://h\"\nurl_file = \"f\"", "leave one"),
            ("[database]\nurl_file = \"no-such-file\"", "no-such-file"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("sala-sana"), "{error}");
        }
    }

    #[test]
    fn nothing_speaks_in_clear_beyond_this_machine() {
        let flags = Flags { intake: "0.0.0.0:7800".parse().ok(), ..Flags::default() };
        let error = Settings::read(None, flags).unwrap_err();
        assert!(matches!(error, Error::InClear { name: "intake", .. }));
        assert!(error.to_string().contains("[intake.tls]"), "{error}");
    }
}
