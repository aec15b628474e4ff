//! A copy of the demo region that a test may change.

use std::{
    fs,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{SHA256, digest};

use crate::{hub, paths};

const DESK: &str = r#"
adapter = "fhir"
organisation = "mallikunta-home-care"

[intake]
token_sha256 = ["<token>"]
format = "json"
mappings = ["fhir-r4/plan"]

[read]
purpose = "care"
kinds = ["plan"]
mappings = ["fhir-r4/plan"]

[settings]
base_url = "http://127.0.0.1:1/fhir"
"#;

/// The copy's place.
pub struct Region {
    home: PathBuf,
}

impl Region {
    /// Copies the demo region and its mappings below `home`.
    ///
    /// # Panics
    /// When the files cannot be copied.
    pub fn copy(home: &Path) -> Self {
        for folder in ["config/mallialue", "config/schemas", "mappings"] {
            copy(&paths::root().join(folder), &home.join(folder));
        }
        Self { home: home.to_owned() }
    }

    /// Its folder.
    pub fn folder(&self) -> PathBuf {
        self.home.join("config/mallialue")
    }

    /// Replaces a text that must be in a file once.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.folder().join(file);
        let text = fs::read_to_string(&path).expect("a file of the region");
        assert_eq!(text.matches(from).count(), 1, "{from:?} in {file}");
        fs::write(&path, text.replace(from, to)).expect("a writable copy");
    }

    /// Adds lines at the end of a file.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn append(&self, file: &str, lines: &str) {
        let path = self.folder().join(file);
        let text = fs::read_to_string(&path).expect("a file of the region");
        fs::write(&path, format!("{text}\n{lines}\n")).expect("a writable copy");
    }

    /// Adds the connection `desk`, by which a unit of the municipality writes whole plans.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn add_desk(&self) {
        let digest = digest(&SHA256, hub::token("desk").as_bytes());
        let token: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let file = self.folder().join("connections/desk.toml");
        fs::write(file, DESK.replace("<token>", &token)).expect("a writable copy");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a writable folder");
    for entry in fs::read_dir(from).expect("a folder of the source tree").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("a readable file");
        }
    }
}
