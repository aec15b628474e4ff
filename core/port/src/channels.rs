//! What a connection looks like on a bus, for those who are to find it there.

/// The channels of one connection. Holds no secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Channels {
    /// Host and port, as one connects to them.
    pub host: String,
    /// The virtual host.
    pub vhost: String,
    /// Whether TLS is spoken.
    pub is_secure: bool,
    /// Where the hub publishes what it delivers.
    pub publish: Option<Publish>,
    /// Where the hub consumes what comes in.
    pub consume: Option<Consume>,
}

/// The name of a header, and what stands in it.
pub type Header = (String, &'static str);

/// Where the hub publishes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Publish {
    /// The exchange; empty: the default exchange.
    pub exchange: String,
    /// The routing key.
    pub routing_key: String,
    /// The headers of each message.
    pub headers: Vec<Header>,
}

/// Where the hub consumes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Consume {
    /// The queue.
    pub queue: String,
    /// Where what is refused goes: an exchange.
    pub dead_letter_exchange: String,
    /// Exchange and routing key of each binding that the hub makes.
    pub bindings: Vec<(String, String)>,
    /// The headers that the hub reads.
    pub headers: Vec<Header>,
}
