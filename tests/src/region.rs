//! A copy of the demo region that a test may change.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::paths;

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
        for folder in ["config/mallialue", "mappings"] {
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
