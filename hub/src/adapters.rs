//! The adapters of this binary, in alphabetical order. Adding one is a line here.

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
