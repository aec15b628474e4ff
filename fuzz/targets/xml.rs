//! XML, and the mappings that read it.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use luotsi_fuzz::{Shipped, check};
use luotsi_mapping::{Format, Mapping};

static MAPPINGS: LazyLock<Vec<Mapping>> = LazyLock::new(|| Shipped::load().pack("serena"));

fuzz_target!(|bytes: &[u8]| check(Format::Xml, bytes, &MAPPINGS));
