//! A RabbitMQ of the tests' own, and a system on it.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, ExchangeKind,
    message::BasicGetMessage,
    options::{
        BasicAckOptions, BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions,
        ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
    },
    types::{AMQPValue, FieldTable},
};
use rcgen::{CertificateParams, Issuer, KeyPair};
use tempfile::TempDir;
use tokio::{runtime::Runtime, time::timeout};

use crate::{paths, wait};

/// A broker may need so long until it is back and its queues have their leaders.
pub const BACK: Duration = Duration::from_secs(180);
/// One that answers needs far less.
const ANSWER: Duration = Duration::from_secs(10);

/// The url of the broker that `tests/run` has started, if it has.
pub fn url() -> Option<String> {
    let url = std::env::var("LUOTSI_AMQP_URL").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        eprintln!("skipped: no LUOTSI_AMQP_URL; tests/run starts a RabbitMQ");
    }
    url
}

/// A broker of one test's own, which may be killed. It ends with the value.
pub struct Broker {
    home: TempDir,
}

impl Broker {
    /// Starts one that speaks TLS too, by a certificate of [`Broker::authority`]'s.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start() -> Self {
        let home = tempfile::Builder::new().prefix("luotsi-amqp-").tempdir().expect("a folder");
        certify(&home.path().join("broker/tls"));
        let broker = Self { home };
        broker.run("start", &[]);
        broker
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("broker")
    }

    fn run(&self, command: &str, arguments: &[&str]) {
        let script = paths::root().join("tests/services/rabbitmq");
        let mut script = Command::new(script);
        let ran = script.arg(command).arg(self.folder()).args(arguments).output();
        let ran = ran.expect("tests/services/rabbitmq runs");
        assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
    }

    /// Ends it with SIGKILL.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn kill(&self) {
        self.run("kill", &[]);
    }

    /// Starts it again, with what it had on its disk.
    ///
    /// # Panics
    /// When it does not start.
    pub fn again(&self) {
        self.run("again", &[]);
    }

    /// Runs `rabbitmqctl`.
    ///
    /// # Panics
    /// When it fails.
    pub fn ctl(&self, arguments: &[&str]) {
        self.run("ctl", arguments);
    }

    /// Lets it write down which queues there are. It does so by itself half a second after one was
    /// declared; killed before, it comes back with a quorum queue that nobody leads.
    ///
    /// # Panics
    /// When it does not run.
    pub fn remember_queues(&self) {
        self.ctl(&["eval", "[dets:sync(Table) || Table <- dets:all()]."]);
    }

    /// Its url in clear.
    ///
    /// # Panics
    /// When it does not run.
    pub fn url(&self) -> String {
        fs::read_to_string(self.folder().join("1.url")).expect("a url").trim().to_owned()
    }

    /// Its url by TLS.
    ///
    /// # Panics
    /// When it does not run.
    pub fn tls_url(&self) -> String {
        fs::read_to_string(self.folder().join("1.tls.url")).expect("a url").trim().to_owned()
    }

    /// Where it speaks TLS.
    ///
    /// # Panics
    /// When it does not run.
    pub fn tls_address(&self) -> SocketAddr {
        let (address, ..) = parts(&self.tls_url());
        let host = address.trim_start_matches("amqps://").split('/').next().expect("a host");
        host.parse().expect("an address")
    }

    /// Its url by TLS by way of another address.
    ///
    /// # Panics
    /// When it does not run.
    pub fn tls_url_at(&self, address: SocketAddr) -> String {
        self.tls_url().replace(&self.tls_address().to_string(), &address.to_string())
    }

    /// Who vouches for its certificate, PEM.
    pub fn authority(&self) -> PathBuf {
        self.folder().join("tls/ca.pem")
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.run("stop", &[]);
    }
}

/// An authority and a certificate for 127.0.0.1, as PEM files.
fn certify(folder: &Path) {
    let key = || KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = key();
    let root = authority.self_signed(&authority_key).expect("a certificate");
    let issuer = Issuer::new(authority, authority_key);
    let own_key = key();
    let own = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("parameters");
    let own = own.signed_by(&own_key, &issuer).expect("a certificate");
    fs::create_dir_all(folder).expect("a folder");
    let files = [("ca", root.pem()), ("cert", own.pem()), ("key", own_key.serialize_pem())];
    for (name, text) in files {
        fs::write(folder.join(format!("{name}.pem")), text).expect("a writable folder");
    }
}

/// The parts of a broker's url as a connection's settings have them: address, login, password.
///
/// # Panics
/// When it has no login.
pub fn parts(url: &str) -> (String, String, String) {
    let (scheme, rest) = url.split_once("://").expect("a scheme");
    let (login, host) = rest.split_once('@').expect("a login");
    let (user, password) = login.split_once(':').expect("a password");
    (format!("{scheme}://{host}"), user.into(), password.into())
}

/// A message that a system got.
#[derive(Clone, Debug)]
pub struct Got {
    /// `message_id`.
    pub id: String,
    /// The headers, by name.
    pub headers: Vec<(String, String)>,
    /// The properties, as they came.
    pub properties: BasicProperties,
    /// The body.
    pub body: Vec<u8>,
}

impl Got {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A system on the bus. What fails since the broker is gone is told, and the caller decides.
pub struct Bus {
    url: String,
    runtime: Runtime,
    line: Option<(Connection, Channel)>,
}

impl Bus {
    /// A system at a broker that runs.
    ///
    /// # Panics
    /// When there is no runtime to be had.
    pub fn at(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(1).enable_all().build().expect("a runtime");
        Self { url: url.to_owned(), runtime, line: None }
    }

    /// Does something, unless the broker takes too long over it; then by a new connection next time.
    fn run<T>(&mut self, work: impl Future<Output = lapin::Result<T>>) -> Option<T> {
        let done = self.runtime.block_on(async { timeout(ANSWER, work).await });
        let done = done.ok().and_then(Result::ok);
        if done.is_none() {
            self.line = None;
        }
        done
    }

    /// A channel, by a new connection if the one before broke.
    fn channel(&mut self) -> Option<Channel> {
        if let Some((_, channel)) = self.line.as_ref().filter(|(_, c)| c.status().connected()) {
            return Some(channel.clone());
        }
        let url = self.url.clone();
        let line = self.run(async move {
            let connection = Connection::connect(&url, ConnectionProperties::default()).await?;
            let channel = connection.create_channel().await?;
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            Ok((connection, channel))
        });
        Some(self.line.insert(line?).1.clone())
    }

    /// Declares a durable topic exchange.
    ///
    /// # Panics
    /// When the broker refuses.
    pub fn exchange(&mut self, name: &str) {
        let options = ExchangeDeclareOptions { durable: true, ..Default::default() };
        let channel = self.channel().expect("a broker");
        let kind = ExchangeKind::Topic;
        let declared = channel.exchange_declare(name.into(), kind, options, FieldTable::default());
        self.run(declared).expect("an exchange");
    }

    /// Declares a durable quorum queue, bound to an exchange.
    ///
    /// # Panics
    /// When the broker refuses.
    pub fn queue(&mut self, name: &str, exchange: &str, key: &str) {
        self.queue_with(name, exchange, key, &[]);
    }

    /// The same with further arguments.
    ///
    /// # Panics
    /// When the broker refuses.
    pub fn queue_with(&mut self, name: &str, exchange: &str, key: &str, more: &[(&str, &str)]) {
        let options = QueueDeclareOptions { durable: true, ..Default::default() };
        let mut arguments = FieldTable::default();
        for (name, value) in [("x-queue-type", "quorum")].iter().chain(more) {
            arguments.insert((*name).into(), AMQPValue::LongString((*value).into()));
        }
        let channel = self.channel().expect("a broker");
        self.run(channel.queue_declare(name.into(), options, arguments)).expect("a queue");
        let options = QueueBindOptions::default();
        let none = FieldTable::default();
        let bound = channel.queue_bind(name.into(), exchange.into(), key.into(), options, none);
        self.run(bound).expect("a binding");
    }

    /// Publishes a persistent document; whether the broker has it in a queue.
    pub fn publish(&mut self, exchange: &str, key: &str, sent: &Sent<'_>) -> bool {
        let Some(channel) = self.channel() else { return false };
        let options = BasicPublishOptions { mandatory: true, ..Default::default() };
        let (exchange, key, properties) = (exchange.into(), key.into(), sent.properties());
        let published = channel.basic_publish(exchange, key, options, sent.body, properties);
        let confirmed = self.run(async { published.await?.await });
        matches!(confirmed, Some(Confirmation::Ack(None)))
    }

    /// Publishes until the broker has it.
    ///
    /// # Panics
    /// When it never does.
    #[track_caller]
    pub fn insist(&mut self, exchange: &str, key: &str, sent: &Sent<'_>) {
        wait::within(BACK, "a confirm", || self.publish(exchange, key, sent).then_some(()));
    }

    /// Takes the next message of a queue, if there is one and a broker.
    pub fn get(&mut self, queue: &str) -> Option<Got> {
        let channel = self.channel()?;
        let got = self.run(channel.basic_get(queue.into(), BasicGetOptions::default()));
        let BasicGetMessage { delivery, .. } = got??;
        self.run(delivery.ack(BasicAckOptions::default()))?;
        let headers = delivery.properties.headers().clone().unwrap_or_default();
        let text = |value: &AMQPValue| match value {
            AMQPValue::LongString(text) => text.to_string(),
            other => format!("{other:?}"),
        };
        let id = delivery.properties.message_id().as_ref();
        Some(Got {
            id: id.map(ToString::to_string).unwrap_or_default(),
            headers: headers.inner().iter().map(|(k, v)| (k.to_string(), text(v))).collect(),
            properties: delivery.properties.clone(),
            body: delivery.data.clone(),
        })
    }

    /// The next message of a queue, as soon as there is one.
    ///
    /// # Panics
    /// When none comes.
    #[track_caller]
    pub fn next(&mut self, queue: &str) -> Got {
        wait::until(queue, || self.get(queue))
    }
}

/// A document as a system publishes it.
#[derive(Clone, Debug, Default)]
pub struct Sent<'a> {
    /// `message_id`.
    pub id: Option<&'a str>,
    /// `content_type`.
    pub content_type: Option<&'a str>,
    /// Headers.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

impl Sent<'_> {
    fn properties(&self) -> BasicProperties {
        let mut headers = FieldTable::default();
        for (name, value) in self.headers {
            headers.insert((*name).into(), AMQPValue::LongString((*value).into()));
        }
        let mut properties = BasicProperties::default().with_delivery_mode(2).with_headers(headers);
        if let Some(id) = self.id {
            properties = properties.with_message_id(id.into());
        }
        if let Some(content_type) = self.content_type {
            properties = properties.with_content_type(content_type.into());
        }
        properties
    }
}
