//! What the listeners share.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use aws_lc_rs::{constant_time, digest};
use luotsi_flow::Flow;
use luotsi_model::Sensitive;

/// The name of the token in the data folder, by its file.
const OPS_TOKEN: &str = "ops.token";

/// The hub, to its listeners.
pub(crate) struct App {
    pub(crate) flow: Arc<Flow>,
    pub(crate) registry: prometheus::Registry,
    ops_token: [u8; 32],
    draining: AtomicBool,
}

impl App {
    pub(crate) fn new(
        flow: Arc<Flow>,
        ops_token: Sensitive<String>,
        registry: prometheus::Registry,
    ) -> Arc<Self> {
        let ops_token = sha256(ops_token.into_revealed().as_bytes());
        Arc::new(Self { flow, registry, ops_token, draining: AtomicBool::new(false) })
    }

    /// The name of the ops token that `token` is, if it is one: what the use log holds.
    pub(crate) fn ops_caller(&self, token: &str) -> Option<&'static str> {
        let hash = sha256(token.as_bytes());
        let is_it = constant_time::verify_slices_are_equal(&self.ops_token, &hash).is_ok();
        is_it.then_some(OPS_TOKEN)
    }

    /// From now on it is not ready.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}
