//! The adapters of this binary, in alphabetical order. Adding one is a line here.

use std::time::Duration;

use luotsi_port::Adapter;

/// Every kind of adapter.
pub(crate) const ALL: &[&dyn Adapter] = &[
    luotsi_adapter_amqp::ADAPTER,
    luotsi_adapter_fhir::ADAPTER,
    luotsi_adapter_plan::ADAPTER,
    luotsi_adapter_serena::ADAPTER,
    luotsi_adapter_webhook::ADAPTER,
];

/// Their names.
pub(crate) fn kinds() -> Vec<&'static str> {
    ALL.iter().map(|adapter| adapter.kind()).collect()
}

/// The adapter of that name.
pub(crate) fn find(kind: &str) -> Option<&'static dyn Adapter> {
    ALL.iter().copied().find(|adapter| adapter.kind() == kind)
}

/// The one HTTP client of all adapters, of every generation.
pub(crate) fn client() -> Result<reqwest::Client, reqwest::Error> {
    // No redirect and no proxy: a document goes where its connection says and nowhere else.
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(5))
        .pool_idle_timeout(Duration::from_secs(60))
        .user_agent(concat!("luotsi/", env!("CARGO_PKG_VERSION")))
        .build()
}
