//! The mappings that a name may mean, and the lines of their files.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use luotsi_mapping::{Mapping, Site};
use luotsi_model::diagnostic::{line_column, nearest};
use luotsi_region::{Folder, load_mappings};

use super::{Exit, Failure};
use crate::command::check;

/// A folder of mappings, compiled.
pub(super) struct Ground {
    pub(super) root: PathBuf,
    pub(super) mappings: BTreeMap<String, Arc<Mapping>>,
    pub(super) sources: BTreeMap<String, String>,
}

impl Ground {
    /// The folder in which `name` lies, if it is a file; else the region's; else that in which the
    /// document or the caller is.
    pub(super) fn root(
        name: Option<&str>,
        region: Option<&Path>,
        file: &Path,
    ) -> Result<PathBuf, Failure> {
        let named = name.map(Path::new).filter(|path| path.is_file());
        let root = match (named, region) {
            (Some(named), _) => root_above(named),
            (None, Some(region)) => Some(region.join(mappings_of(region)?)),
            (None, None) => {
                let beside = root_above(file);
                beside.or_else(|| Some(PathBuf::from("mappings"))).filter(|path| is_root(path))
            }
        };
        root.ok_or_else(|| {
            let what = match name {
                Some(name) => format!("the mapping {name} is not found"),
                None => "there are no mappings".into(),
            };
            Failure::new(Exit::Usage, what)
                .why("no folder of mappings, with records/ in it, is at hand")
                .mend("name the mapping's file, or the region with --region")
        })
    }

    /// Compiles the folder.
    pub(super) fn load(root: PathBuf) -> Result<Self, Failure> {
        let loaded = load_mappings(&Folder::new(&root));
        if check::has_errors(&loaded.diagnostics) {
            check::show_below(&root, &loaded.diagnostics, &loaded.sources);
            return Err(Failure::new(Exit::Usage, format!("{} has errors", root.display()))
                .why("a mapping is used whole or not at all")
                .mend("mend what is shown above"));
        }
        Ok(Self { root, mappings: loaded.mappings, sources: loaded.sources })
    }

    /// The mapping of that name, or of that file.
    pub(super) fn mapping(&self, name: &str) -> Result<&Mapping, Failure> {
        let path = Path::new(name);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let pack = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let wanted = if path.is_file() { format!("{pack}/{stem}") } else { name.to_owned() };
        let wanted = wanted.strip_suffix(".toml").unwrap_or(&wanted);
        self.mappings.get(wanted).map(|mapping| &**mapping).ok_or_else(|| {
            let known = self.mappings.keys().map(String::as_str);
            let mend = match nearest(wanted, known) {
                Some(near) => format!("write {near}"),
                None => "name it by pack and name, as serena/referral".into(),
            };
            Failure::new(Exit::Usage, format!("there is no mapping {wanted}"))
                .why(format!("{} holds none of that name", self.root.display()))
                .mend(mend)
        })
    }

    /// The pack and name of a mapping.
    pub(super) fn name(&self, mapping: &Mapping) -> &str {
        let is_it = |(_, known): &(&String, &Arc<Mapping>)| std::ptr::eq(&***known, mapping);
        self.mappings.iter().find(is_it).map_or("", |(name, _)| name)
    }

    /// A mapping's file, from where the command was called.
    pub(super) fn file(&self, mapping: &Mapping) -> String {
        check::below(&self.root, mapping.name())
    }

    /// The text of a mapping's file.
    pub(super) fn text(&self, mapping: &Mapping) -> &str {
        self.sources.get(mapping.name()).map_or("", String::as_str)
    }

    /// The line, from 1, at which a rule stands.
    pub(super) fn line(&self, mapping: &Mapping, rule: Site) -> usize {
        line_column(self.text(mapping), rule.start()).0
    }
}

fn is_root(path: &Path) -> bool {
    path.join("records").is_dir()
}

fn root_above(path: &Path) -> Option<PathBuf> {
    let near = path.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty());
    let near = near.map(Path::to_owned).find(|path| is_root(path));
    let far = || {
        let whole = std::fs::canonicalize(path).ok()?;
        whole.ancestors().skip(1).find(|path| is_root(path)).map(Path::to_owned)
    };
    near.or_else(far)
}

/// The folder of mappings that a region names.
fn mappings_of(region: &Path) -> Result<String, Failure> {
    let loaded = luotsi_region::load(&Folder::new(region), &crate::adapters::kinds());
    if region.join(&loaded.mappings_folder).is_dir() {
        return Ok(loaded.mappings_folder);
    }
    Err(Failure::new(Exit::Usage, format!("{} names no mappings", region.display()))
        .why("its region.toml is missing, or its `mappings` is no folder")
        .mend("name the folder that holds region.toml with --region"))
}
