//! Where things are.

use std::path::{Path, PathBuf};

/// The root of the source tree.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is a folder of the workspace")
}

/// The text of a file of the source tree.
pub fn text(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The hub's binary: `LUOTSI_BIN`, or the one built beside the test.
pub fn luotsi() -> PathBuf {
    if let Some(named) = std::env::var_os("LUOTSI_BIN") {
        return named.into();
    }
    let test = std::env::current_exe().expect("a test has a path");
    let profile = test.parent().and_then(Path::parent).expect("target/<profile>/deps/<test>");
    let found = profile.join("luotsi");
    assert!(found.is_file(), "{} is missing: run tests/run", found.display());
    found
}
