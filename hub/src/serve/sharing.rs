//! A hub among several on one journal.

use std::path::Path;

use aws_lc_rs::digest;
use luotsi_audit::SigningKey;
use luotsi_bus::broker::Broker;
use luotsi_flow::{ClientKey, Sharing};
use luotsi_journal::{Error, Journal, NodeId, command::Mark};
use luotsi_region::Region;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::data::DataDir;
use crate::settings::{self, Settings};

/// How this hub shares the journal, where it does.
pub(super) fn sharing(
    settings: &Settings,
    data: &DataDir,
) -> Result<Option<Sharing>, super::data::Error> {
    if !settings.is_shared() {
        return Ok(None);
    }
    let node = &settings.node;
    let (name, roles, lease) = (node.name(), node.roles(), node.lease());
    Ok(Some(Sharing { node: NodeId(data.node()?), name, roles, lease }))
}

/// The broker that the hubs tell each other over, where there is one. It is reached from now on.
pub(super) fn broker(
    settings: &Settings,
    region: &Region,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> Result<Option<Broker>, settings::Error> {
    let Some(broker) = settings.broker()? else { return Ok(None) };
    let lanes = region.connections.values().filter(|c| c.delivery.is_some());
    let lanes = lanes.map(|connection| connection.system.clone());
    Ok(Some(Broker::start(broker, lanes, stop.clone(), tasks)))
}

/// A key that all hubs on a journal must have in common.
pub(crate) struct KeptKey {
    /// Its file in the data folder.
    pub(crate) file: &'static str,
    /// What the journal calls its mark.
    pub(crate) name: &'static str,
    /// What the journal keeps of it: the beginning of a digest.
    pub(crate) mark: i64,
}

/// Those that a data folder holds already; nothing is made.
///
/// # Errors
/// When one is there and cannot be used, in words.
pub(crate) fn kept_keys(folder: &Path) -> Result<Vec<KeptKey>, String> {
    let (client, log) = DataDir::kept(folder).map_err(|error| error.to_string())?;
    let client = client.map(|key| of_clients(&ClientKey::new(&key)));
    Ok(client.into_iter().chain(log.map(|key| of_log(&key))).collect())
}

fn of_clients(key: &ClientKey) -> KeptKey {
    KeptKey { file: "client.key", name: "client-key", mark: key.mark() }
}

fn of_log(key: &SigningKey) -> KeptKey {
    let digest = digest::digest(&digest::SHA256, key.verifying().to_string().as_bytes());
    let beginning = digest.as_ref().first_chunk().copied().unwrap_or_default();
    KeptKey { file: "log.key", name: "log-key", mark: i64::from_le_bytes(beginning) }
}

/// Refuses a hub whose keys are not those of the others: it would find none of their clients, or sign
/// one log by two keys.
pub(super) async fn one_of_them(
    journal: &Journal,
    clients: &ClientKey,
    log: &SigningKey,
) -> Result<Result<(), String>, Error> {
    for KeptKey { file, name, mark } in [of_clients(clients), of_log(log)] {
        if !journal.write(Mark { name, value: mark }).await? {
            return Ok(Err(format!(
                "the {file} of this data folder is not that of the hubs on this journal; \
                 copy {file} from the data folder of one of them"
            )));
        }
    }
    Ok(Ok(()))
}
