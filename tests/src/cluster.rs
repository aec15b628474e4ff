//! A RabbitMQ of several nodes of the tests' own, each of which may be killed.

use std::{fs, net::SocketAddr, path::PathBuf, process::Command};

use tempfile::TempDir;

use crate::{
    broker::{BACK, parts},
    paths, wait,
};

/// A node's number, from 1 on.
pub type Node = usize;

/// Nodes that are one broker. They end with the value.
pub struct Cluster {
    home: TempDir,
    nodes: Node,
}

impl Cluster {
    /// Starts so many nodes.
    ///
    /// # Panics
    /// When they do not start.
    pub fn start(nodes: Node) -> Self {
        let home = tempfile::Builder::new().prefix("luotsi-amqp-").tempdir().expect("a folder");
        let cluster = Self { home, nodes };
        cluster.run("start", &[&nodes.to_string()]);
        cluster
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("broker")
    }

    fn run(&self, command: &str, arguments: &[&str]) -> String {
        let mut script = Command::new(paths::root().join("tests/services/rabbitmq"));
        let ran = script.arg(command).arg(self.folder()).args(arguments).output();
        let ran = ran.expect("tests/services/rabbitmq runs");
        assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8_lossy(&ran.stdout).into_owned()
    }

    /// The nodes' numbers.
    pub const fn nodes(&self) -> std::ops::RangeInclusive<Node> {
        1..=self.nodes
    }

    /// A node's url in clear.
    ///
    /// # Panics
    /// When it was never there.
    pub fn url(&self, node: Node) -> String {
        let url = fs::read_to_string(self.folder().join(format!("{node}.url")));
        url.expect("a url").trim().to_owned()
    }

    /// Where a node listens.
    ///
    /// # Panics
    /// When it was never there.
    pub fn address(&self, node: Node) -> SocketAddr {
        let (address, ..) = parts(&self.url(node));
        let host = address.trim_start_matches("amqp://").split('/').next().expect("a host");
        host.parse().expect("an address")
    }

    /// A node's url by way of another address.
    ///
    /// # Panics
    /// When it was never there.
    pub fn url_at(&self, node: Node, address: SocketAddr) -> String {
        self.url(node).replace(&self.address(node).to_string(), &address.to_string())
    }

    /// The node that leads a queue.
    ///
    /// # Panics
    /// When none ever does.
    #[track_caller]
    pub fn leader(&self, queue: &str) -> Node {
        wait::within(BACK, &format!("somebody leads {queue}"), || {
            let told = self.run("ctl", &["list_queues", "--no-table-headers", "name", "leader"]);
            let own = told.lines().filter_map(|line| line.split_once('\t'));
            let (_, leader) = { own }.find(|(name, _)| *name == queue)?;
            leader.strip_prefix("luotsi")?.split('@').next()?.parse().ok()
        })
    }

    /// Ends a node with SIGKILL.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn kill(&self, node: Node) {
        self.run("kill", &[&node.to_string()]);
    }

    /// Starts a node again, with what it had on its disk.
    ///
    /// # Panics
    /// When it does not start.
    pub fn again(&self, node: Node) {
        self.run("again", &[&node.to_string()]);
    }

    /// Raises an alarm for want of disk at every node, or ends it.
    ///
    /// # Panics
    /// When it fails.
    pub fn alarm(&self, is_raised: bool) {
        let limit = if is_raised { "1000000GB" } else { "50MB" };
        let set = format!(
            "[rpc:call(Node, rabbit_disk_monitor, set_disk_free_limit, [\"{limit}\"]) \
              || Node <- [node() | nodes()]]."
        );
        self.run("ctl", &["eval", &set]);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.run("stop", &[]);
    }
}
