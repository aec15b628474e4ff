//! Mapping files: each is compiled or refused with a reason and a place.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use luotsi_fuzz::Shipped;

static SHIPPED: LazyLock<Shipped> = LazyLock::new(Shipped::load);

fuzz_target!(|text: &str| {
    SHIPPED.compile(text);
});
