//! The systems around the hub, played by this process over real HTTP on free loopback ports.

mod guidance;
mod home_care;
mod inbox;
mod provider;
mod server;

use std::net::SocketAddr;

pub(super) use guidance::{Guidance, Status};
pub(super) use home_care::{HomeCare, Parcel};
pub(super) use inbox::Inbox;
pub(super) use provider::{Provider, Webhook};

/// Where they listen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses {
    pub(super) guidance: SocketAddr,
    pub(super) home_care: SocketAddr,
    pub(super) provider: SocketAddr,
}
