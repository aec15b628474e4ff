//! The two connections, for as long as nothing of them breaks, and what failures are called.

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
    time::Duration,
};

use lapin::{
    Channel, Connection, ConnectionProperties, ErrorKind,
    options::ConfirmSelectOptions,
    protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError},
};
use luotsi_model::SystemId;
use tokio::{sync::Mutex, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Settings, Shared,
    topology::{self, Names},
};

/// How long the connections may take to be there, TLS, login and topology included; and whatever
/// else the broker answers to at once when it is well.
pub(super) const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);

pub(super) struct Link {
    /// What publishes has a connection of its own: a broker with an alarm stops reading it.
    pub(super) publishing: Connection,
    pub(super) consuming: Connection,
    /// The channel that confirms, while nothing is under way on it.
    pub(super) confirming: Mutex<Option<Channel>>,
    declared: Mutex<BTreeSet<SystemId>>,
    /// Nobody uses it any more.
    pub(super) broken: CancellationToken,
    why: OnceLock<String>,
}

impl Link {
    /// Connects, and declares what all lanes need.
    pub(super) async fn open(settings: &Settings) -> Result<Arc<Self>, String> {
        let publishing = connect(settings, "luotsi: announcing").await?;
        let consuming = connect(settings, "luotsi: hearing").await?;
        let channel = consuming.create_channel().await.map_err(|e| told(&e))?;
        for part in topology::common(&Names::new(settings.prefix())) {
            topology::declare(&channel, &part).await.map_err(|r| r.to_string())?;
        }
        Ok(Arc::new(Self {
            publishing,
            consuming,
            confirming: Mutex::default(),
            declared: Mutex::default(),
            broken: CancellationToken::new(),
            why: OnceLock::new(),
        }))
    }

    /// Declares the lanes that it has not yet. Where that cannot be done the link is given up.
    pub(super) async fn declare_lanes(&self, shared: &Shared) {
        let declaring = timeout(ANSWER_TIME_MAX, self.try_to_declare_lanes(shared));
        let ended = tokio::select! {
            () = self.broken.cancelled() => return,
            ended = declaring => ended.unwrap_or_else(|_| Err(LATE.to_owned())),
        };
        if let Err(why) = ended {
            self.give_up(why);
        }
    }

    async fn try_to_declare_lanes(&self, shared: &Shared) -> Result<(), String> {
        let mut declared = self.declared.lock().await;
        let wanted: Vec<_> = shared.lanes().difference(&declared).cloned().collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let names = Names::new(shared.settings.prefix());
        let channel = self.consuming.create_channel().await.map_err(|e| told(&e))?;
        for lane in wanted {
            for part in topology::of_lane(&names, &lane) {
                topology::declare(&channel, &part).await.map_err(|r| r.to_string())?;
            }
            declared.insert(lane);
        }
        Ok(())
    }

    /// Says that it is to be thrown away whole, and why.
    pub(super) fn give_up(&self, why: String) {
        let _ = self.why.set(why);
        self.broken.cancel();
    }

    /// Waits until it is given up.
    pub(super) async fn broke(&self) -> String {
        self.broken.cancelled().await;
        self.why.get().cloned().unwrap_or_else(|| GONE.to_owned())
    }

    /// Whether both connections are there. The library's streams do not always end when theirs does.
    pub(super) fn is_connected(&self) -> bool {
        self.publishing.status().connected() && self.consuming.status().connected()
    }

    /// Hangs up; the broker takes back what is not acknowledged.
    pub(super) async fn close(&self) {
        let closing = async {
            let _ = self.publishing.close(200, "done".into()).await;
            let _ = self.consuming.close(200, "done".into()).await;
        };
        let _ = timeout(Duration::from_secs(1), closing).await;
    }
}

pub(super) const LATE: &str = "the broker does not answer in time";
pub(super) const GONE: &str = "the connection to the broker is gone";

/// A connection that does not mend itself: with the library's own recovery a confirm that was
/// outstanding when the broker died was awaited for ever, and repeats came.
pub(super) async fn connect(settings: &Settings, name: &str) -> Result<Connection, String> {
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    let connecting = Connection::connect_uri(settings.uri().clone(), properties);
    match timeout(ANSWER_TIME_MAX, connecting).await {
        Ok(connected) => connected.map_err(|error| at_the_door(&error)),
        Err(_) => Err(LATE.to_owned()),
    }
}

pub(super) async fn confirming(connection: &Connection) -> lapin::Result<Channel> {
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok(channel)
}

/// What went wrong with connecting, in words, with the mend where a person must do something.
fn at_the_door(error: &lapin::Error) -> String {
    let mend = match protocol(error) {
        Some(AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED)) => {
            "; check user and password in bus.url, and what the user may at the broker"
        }
        Some(AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED)) => {
            "; check the virtual host in bus.url, and that the user may use it"
        }
        _ if is_distrust(error) => {
            "; check the host in bus.url, and that whoever signed the broker's certificate is among \
             the authorities of this machine, or of the file that SSL_CERT_FILE names"
        }
        _ => "",
    };
    format!("{}{mend}", told(error))
}

/// Whether the broker could not show who it is. TLS says so in words alone.
fn is_distrust(error: &lapin::Error) -> bool {
    match error.kind() {
        ErrorKind::IOError(cause) => cause.to_string().contains("certificate"),
        _ => false,
    }
}

fn protocol(error: &lapin::Error) -> Option<&AMQPErrorKind> {
    match error.kind() {
        ErrorKind::ProtocolError(refusal) => Some(refusal.kind()),
        _ => None,
    }
}

/// Whether the broker has what was declared, in another form.
pub(super) fn is_other(error: &lapin::Error) -> bool {
    protocol(error) == Some(&AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED))
}

/// Whether the broker has nothing of that name.
pub(super) fn is_missing(error: &lapin::Error) -> bool {
    protocol(error) == Some(&AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND))
}

/// What went wrong, in words. The broker's own words name exchanges, queues and the login, and
/// never what a message holds.
pub(super) fn told(error: &lapin::Error) -> String {
    match error.kind() {
        ErrorKind::ProtocolError(refusal) => {
            format!("the broker refuses: {}", refusal.get_message())
        }
        ErrorKind::IOError(cause) => format!("the broker cannot be reached: {cause}"),
        ErrorKind::MissingHeartbeatError => "the broker fell silent".to_owned(),
        ErrorKind::InvalidChannelState(..) | ErrorKind::InvalidConnectionState(_) => {
            GONE.to_owned()
        }
        _ => "the connection to the broker broke".to_owned(),
    }
}
