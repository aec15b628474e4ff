//! Where a region's files come from.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

/// Files by path relative to the region's folder, with `/` between the steps; a path may climb out
/// of the folder by leading `..` steps. A folder or an embedded tree, so that the demo needs no
/// folder.
pub trait Files {
    /// The bytes of a file; `None` when there is no such file.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>>;

    /// The names standing in a folder, without their path; a folder's name ends in `/`. None when
    /// there is no such folder.
    ///
    /// # Errors
    /// When the folder is there and cannot be listed.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;
}

/// A region in a folder of the file system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The region at `path`.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self(path.as_ref().to_owned())
    }
}

impl Files for Folder {
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        present(fs::read(self.0.join(path)))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let Some(entries) = present(fs::read_dir(self.0.join(folder)))? else {
            return Ok(Vec::new());
        };
        entries.map(|entry| name_of(&entry?)).collect()
    }
}

fn present<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn name_of(entry: &fs::DirEntry) -> io::Result<String> {
    let name = entry.file_name().to_string_lossy().into_owned();
    // Through a symbolic link: a mounted configuration folder is made of them.
    let is_folder = fs::metadata(entry.path())?.is_dir();
    Ok(if is_folder { name + "/" } else { name })
}

/// A region held in memory: embedded in a binary, or a test's.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tree {
    root: String,
    files: BTreeMap<String, Vec<u8>>,
}

impl Tree {
    /// An empty tree whose region stands at `root`, itself relative to the tree: with the root
    /// `config/mallialue`, the region's `../../mappings` is the tree's `mappings`.
    pub fn new(root: &str) -> Self {
        Self { root: root.to_owned(), files: BTreeMap::new() }
    }

    /// With one more file, by its path in the tree.
    #[must_use]
    pub fn with(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.to_owned(), bytes.into());
        self
    }

    fn place(&self, path: &str) -> String {
        let mut steps: Vec<&str> = Vec::new();
        for step in self.root.split('/').chain(path.split('/')) {
            match step {
                "" | "." => {}
                // What climbs above the tree finds nothing: no file's path begins with `..`.
                ".." if steps.last().is_some_and(|last| *last != "..") => drop(steps.pop()),
                step => steps.push(step),
            }
        }
        steps.join("/")
    }
}

impl Files for Tree {
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.files.get(&self.place(path)).cloned())
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut folder = self.place(folder);
        if !folder.is_empty() {
            folder.push('/');
        }
        let below = self.files.keys().filter_map(|path| path.strip_prefix(&folder));
        let names: BTreeSet<_> =
            below.filter_map(|rest| rest.split_inclusive('/').next()).collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }
}
