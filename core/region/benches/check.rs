//! How long it takes to check a region with all that is shipped: every record kind, code table and
//! mapping, the examples, and the XML schemas that the mappings name.
//!
//! `cargo bench -p luotsi-region`. To reach: 300 ms.

use divan::Bencher;
use luotsi_region::{Folder, coverage, load};

const ADAPTERS: &[&str] = &["fhir", "plan", "serena", "webhook"];

fn main() {
    divan::main();
}

fn demo() -> Folder {
    Folder::new(format!("{}/../../config/mallialue", env!("CARGO_MANIFEST_DIR")))
}

#[divan::bench]
fn load_the_demo_region(bencher: Bencher<'_, '_>) {
    let folder = demo();
    bencher.bench_local(|| load(&folder, ADAPTERS));
}

#[divan::bench]
fn check_the_demo_region(bencher: Bencher<'_, '_>) {
    let folder = demo();
    bencher.bench_local(|| {
        let loaded = load(&folder, ADAPTERS);
        assert!(loaded.region.is_some(), "{:#?}", loaded.diagnostics);
        coverage::check(&folder, &loaded).findings.len()
    });
}
