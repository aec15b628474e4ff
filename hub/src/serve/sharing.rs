//! A hub among several on one journal.

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

/// Refuses a hub whose keys are not those of the others: it would find none of their clients, or sign
/// one log by two keys.
pub(super) async fn one_of_them(
    journal: &Journal,
    clients: &ClientKey,
    log: &SigningKey,
) -> Result<Result<(), String>, Error> {
    let log = digest::digest(&digest::SHA256, log.verifying().to_string().as_bytes());
    let [a, b, c, d, e, f, g, h, ..] = *log.as_ref() else { return Ok(Ok(())) };
    let log = i64::from_le_bytes([a, b, c, d, e, f, g, h]);
    for (name, value, file) in
        [("client-key", clients.mark(), "client.key"), ("log-key", log, "log.key")]
    {
        if !journal.write(Mark { name, value }).await? {
            return Ok(Err(format!(
                "the {file} of this data folder is not that of the hubs on this journal; \
                 copy {file} from the data folder of one of them"
            )));
        }
    }
    Ok(Ok(()))
}
