//! CSV, in the layout that each mapping of it has.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use luotsi_fuzz::{Shipped, check};
use luotsi_mapping::{Format, Mapping};

static MAPPINGS: LazyLock<Vec<Mapping>> = LazyLock::new(|| Shipped::load().pack("association"));

fuzz_target!(|bytes: &[u8]| {
    for mapping in MAPPINGS.iter().filter(|mapping| matches!(mapping.format(), Format::Csv(_))) {
        check(mapping.format(), bytes, std::slice::from_ref(mapping));
    }
});
