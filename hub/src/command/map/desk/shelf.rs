//! The mappings and samples at hand.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use luotsi_mapping::Format;
use luotsi_model::Diagnostic;
use luotsi_region::{Files, Folder, load_mappings};

use super::{Failure, Work};
use crate::command::map::ground::Ground;

/// A folder of mappings and the samples to try them on.
pub(super) struct Shelf {
    pub(super) root: PathBuf,
    /// Documents that were named at the start.
    files: Vec<PathBuf>,
    first: String,
}

/// The mappings, one of them as edited.
pub(super) struct Edited {
    pub(super) ground: Ground,
    pub(super) found: Vec<Diagnostic>,
}

/// A sample: a case's document, or one that was named at the start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Sample {
    pub(super) name: String,
    path: PathBuf,
}

impl Shelf {
    pub(super) fn new(
        root: PathBuf,
        files: Vec<PathBuf>,
        first: Option<&str>,
    ) -> Result<Self, Failure> {
        let ground = Ground::load(root.clone())?;
        let first = match first {
            Some(name) => ground.name(ground.mapping(name)?).to_owned(),
            None => ground.mappings.keys().next().cloned().unwrap_or_default(),
        };
        Ok(Self { root, files, first })
    }

    /// A mapping's file as it is shown.
    pub(super) fn shown(&self, mapping: &str) -> String {
        self.file(mapping).display().to_string()
    }

    /// A mapping's file.
    pub(super) fn file(&self, mapping: &str) -> PathBuf {
        self.root.join(format!("{mapping}.toml"))
    }

    /// The same, from the folder.
    pub(super) fn path(&self, mapping: &str) -> String {
        format!("./{mapping}.toml")
    }

    /// Every mapping's name, as the files are now.
    pub(super) fn names(&self) -> Vec<String> {
        let packs = entries(&self.root).into_iter().filter(|path| path.is_dir());
        let packs = packs.filter(|path| !path.ends_with("records") && !path.ends_with("codes"));
        let files = packs.flat_map(|pack| entries(&pack));
        let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "toml"));
        let name = |path: PathBuf| {
            let below = path.strip_prefix(&self.root).ok()?.with_extension("");
            Some(below.to_string_lossy().into_owned())
        };
        files.filter_map(name).collect()
    }

    /// The samples of a mapping's pack, and those named at the start.
    pub(super) fn samples(&self, mapping: &str, way: &str) -> Vec<Sample> {
        let pack = mapping.split('/').next().unwrap_or_default();
        let stem = if way == "out" { "record" } else { "input" };
        let mut samples: Vec<_> = self
            .files
            .iter()
            .map(|path| Sample { name: path.display().to_string(), path: path.clone() })
            .collect();
        for case in entries(&self.root.join(pack).join("cases")) {
            let of = head_of(&case);
            let found = entries(&case)
                .into_iter()
                .find(|path| path.file_stem().is_some_and(|known| known == stem));
            let is_its = of.as_deref() == mapping.split('/').nth(1);
            if let Some(path) = found.filter(|_| is_its) {
                let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
                samples.push(Sample { name, path });
            }
        }
        samples
    }

    /// A mapping and a sample to begin with; what is not named is the first there is.
    pub(super) fn take(&self, mapping: &str, sample: &str, way: &str) -> Work {
        let known = self.names();
        let is_known = known.iter().any(|name| name == mapping);
        let mapping = if is_known { mapping.to_owned() } else { self.first.clone() };
        let rules = fs::read_to_string(self.file(&mapping)).unwrap_or_default();
        let way = match way {
            "in" | "out" => way,
            // One that only writes has nothing to show of a document.
            _ if rules.lines().any(is_out_only) => "out",
            _ => "in",
        };
        let samples = self.samples(&mapping, way);
        let found = samples.iter().find(|one| one.name == sample).or_else(|| samples.first());
        let document = found.and_then(|found| fs::read(&found.path).ok()).unwrap_or_default();
        Work {
            base: fingerprint(&rules),
            rules,
            document: String::from_utf8_lossy(&document).into_owned(),
            sample: found.map(|found| found.name.clone()).unwrap_or_default(),
            to: mapping.clone(),
            mapping,
            way: way.to_owned(),
            ..Work::default()
        }
    }

    /// Everything compiled, with the mapping as it is edited.
    pub(super) fn ground_with(&self, work: &Work) -> Edited {
        let folder = Folder::new(&self.root);
        let path = self.path(&work.mapping);
        let files = Overlaid { folder, path, text: text_of(work) };
        let loaded = load_mappings(&files);
        let ground =
            Ground { root: self.root.clone(), mappings: loaded.mappings, sources: loaded.sources };
        Edited { ground, found: loaded.diagnostics }
    }
}

/// What a browser sends has line ends of its own.
pub(super) fn text_of(work: &Work) -> String {
    work.rules.replace("\r\n", "\n")
}

/// Tells two texts apart.
pub(super) fn fingerprint(text: &str) -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    let digest = digest(&SHA256, text.as_bytes());
    digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The ending of a document's file.
pub(super) fn ending(format: Format) -> &'static str {
    match format {
        Format::Hl7 => "hl7",
        other => other.name(),
    }
}

fn is_out_only(line: &str) -> bool {
    let bare: String = line.chars().filter(|c| !c.is_whitespace()).collect();
    bare == "one_way=\"out\""
}

/// The mapping that a case names.
fn head_of(case: &Path) -> Option<String> {
    let text = fs::read_to_string(case.join("case.toml")).ok()?;
    let table: toml::Table = text.parse().ok()?;
    Some(table.get("mapping")?.as_str()?.to_owned())
}

/// What a folder holds, in order; nothing where it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = found.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// A folder with one file as it is edited.
struct Overlaid {
    folder: Folder,
    path: String,
    text: String,
}

impl Files for Overlaid {
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        if path == self.path {
            return Ok(Some(self.text.clone().into_bytes()));
        }
        self.folder.read(path)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.folder.list(folder)
    }
}
