//! The case folders, and what came of them.

use std::{fs, path::PathBuf};

use luotsi_mapping::{
    Document,
    case::{Case, Files},
};

use crate::shipped::{Shipped, listed, packs, project};

/// One case folder, read.
pub(crate) struct Folder {
    pub(crate) dir: PathBuf,
    pub(crate) pack: String,
    pub(crate) case: Case,
}

impl Folder {
    fn read(pack: &str, dir: PathBuf) -> Self {
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        let files =
            listed(&dir, "").into_iter().map(|path| (name(&path), fs::read(&path).unwrap()));
        let case =
            Case::read(&dir.join("case.toml").display().to_string(), files.collect::<Files>())
                .unwrap_or_else(|found| panic!("{found:#?}"));
        Self { dir, pack: pack.to_owned(), case }
    }

    /// The mapping that it is about.
    pub(crate) fn mapping(&self) -> String {
        format!("{}/{}", self.pack, self.case.mapping)
    }

    /// Whether it shows what is written.
    pub(crate) fn writes(&self) -> bool {
        listed(&self.dir, "").iter().any(|path| path.file_stem().is_some_and(|s| s == "output"))
    }
}

/// Runs one case; what does not hold is added to `wrong`.
pub(crate) fn check(folder: &Folder, shipped: &Shipped, wrong: &mut Vec<String>) {
    let prefix = format!("{}/", folder.pack);
    // A JSON mapping without `match` takes any document, and is then no rival but the one meant.
    let takers = |document: &Document<'_>| -> Vec<String> {
        let all = shipped.mappings.iter().filter(|(name, _)| name.starts_with(&prefix));
        let taking = all.filter(|(_, mapping)| mapping.reads() && mapping.matches(document));
        taking.map(|(name, _)| name[prefix.len()..].to_owned()).collect()
    };
    let verdict = folder.case.run(shipped.mapping(&folder.mapping()), &takers);
    let told = verdict.differences.iter().map(|one| {
        let (wanted, got) = (one.wanted.as_deref(), one.got.as_deref());
        let [wanted, got] = [wanted, got].map(|text| text.unwrap_or("nothing"));
        format!("{}/{} {}: wanted {wanted}, got {got}", folder.dir.display(), one.file, one.at)
    });
    wrong.extend(told);
}

/// Every case of every pack.
pub(crate) fn cases() -> Vec<Folder> {
    let of = |pack: String| {
        let folders = listed(&project().join("mappings").join(&pack).join("cases"), "");
        folders.into_iter().map(move |dir| Folder::read(&pack, dir))
    };
    packs().into_iter().flat_map(of).collect()
}
