//! Which cases a path means, and what they need.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use luotsi_mapping::{Mapping, case::Files};
use luotsi_model::Diagnostic;
use luotsi_region::{Folder, Region, load, load_mappings};

use super::{Coverage, Exit, Failure, Progress, Ran, packs, route};
use crate::command::check;

/// The cases that a path means.
pub(super) struct Found {
    /// Cases of packs, each with its pack.
    packs: Vec<(String, PathBuf)>,
    /// Cases of the region.
    routes: Vec<PathBuf>,
    ground: Ground,
}

/// What the cases stand on.
pub(super) struct Ground {
    /// Absent where only packs are at hand.
    pub(super) region: Option<Arc<Region>>,
    /// By pack and name.
    pub(super) mappings: BTreeMap<String, Arc<Mapping>>,
    /// The text of every file read, by the name that a mapping has.
    pub(super) sources: BTreeMap<String, String>,
    /// The folder that those names are relative to.
    pub(super) root: PathBuf,
}

impl Found {
    /// What `path` means, or the region where there is none.
    pub(super) fn under(path: Option<&Path>, region: Option<&Path>) -> Result<Self, Failure> {
        let here = path.or(region).unwrap_or(Path::new("."));
        if !here.is_dir() {
            return Err(Failure::new(Exit::Usage, "there is no such folder")
                .why(format!("{} is not a folder", here.display()))
                .mend("name a region, a folder of mappings, a pack, or a case"));
        }
        let (ground, mappings) = match (region, root_of(here)) {
            (_, Some(Root::Region(folder))) => of_region(&folder)?,
            (Some(folder), _) => of_region(folder)?,
            (None, Some(Root::Mappings(folder))) => of_mappings(&folder)?,
            (None, None) => return Err(no_ground(here)),
        };
        // A region stands for all that it uses; any other folder for what lies in it.
        let is_meant = |dir: &PathBuf| here.join("region.toml").is_file() || lies_in(dir, here);
        let mut packs = Vec::new();
        for pack in folders(&mappings)? {
            let name = pack.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let cases = folders(&pack.join("cases"))?.into_iter().filter(|dir| is_meant(dir));
            packs.extend(cases.map(|dir| (name.clone(), dir)));
        }
        let own = ground.region.is_some().then(|| ground.root.join("cases"));
        let mut routes = own.map_or(Ok(Vec::new()), |own| folders(&own))?;
        routes.retain(is_meant);
        if packs.is_empty() && routes.is_empty() {
            return Err(Failure::new(Exit::Usage, "there are no cases")
                .why(format!("no folder of cases lies in {}", here.display()))
                .mend("write one: cases/<name>/case.toml, as mappings/README.md tells"));
        }
        Ok(Self { packs, routes, ground })
    }

    pub(super) fn count(&self) -> usize {
        self.packs.len() + self.routes.len()
    }

    /// Runs all of them, in order.
    pub(super) fn run(&self, progress: &Progress) -> Result<(Vec<Ran>, Coverage), Failure> {
        let mut coverage = Coverage::default();
        let mut ran = Vec::with_capacity(self.count());
        let mut broken = 0;
        for (pack, dir) in &self.packs {
            progress.at(pack, dir);
            match packs::run(pack, dir, &self.ground, &mut coverage)? {
                Ok(case) => ran.push(case),
                Err(findings) => broken += tell(dir, &findings),
            }
        }
        if let Some(region) = self.ground.region.as_ref().filter(|_| !self.routes.is_empty()) {
            let theatre = route::Theatre::open(region)?;
            for dir in &self.routes {
                progress.at(&region.name, dir);
                match theatre.run(dir, &mut coverage)? {
                    Ok(case) => ran.push(case),
                    Err(findings) => broken += tell(dir, &findings),
                }
            }
        }
        if broken > 0 {
            return Err(Failure::new(Exit::Usage, "not every case can be run")
                .why(format!("{broken} of them cannot be read, see above"))
                .mend("mend their case.toml"));
        }
        coverage.close(&self.ground, !self.routes.is_empty());
        Ok((ran, coverage))
    }
}

fn tell(dir: &Path, findings: &[Diagnostic]) -> usize {
    let text = fs::read_to_string(dir.join("case.toml")).unwrap_or_default();
    check::show(findings, &BTreeMap::from([(head(dir), text)]));
    1
}

/// How a case's head is named in findings.
pub(super) fn head(dir: &Path) -> String {
    dir.join("case.toml").display().to_string()
}

enum Root {
    Region(PathBuf),
    Mappings(PathBuf),
}

/// The nearest folder, itself or above, that is a region's or holds mappings.
fn root_of(here: &Path) -> Option<Root> {
    let whole = fs::canonicalize(here).ok()?;
    let up = whole.ancestors().count();
    // Shown as it was written, as far as that goes.
    let written = here.ancestors().filter(|path| !path.as_os_str().is_empty());
    let mut all: Vec<_> = written.map(Path::to_owned).collect();
    if all.len() < up {
        all.extend(whole.ancestors().skip(all.len()).map(Path::to_owned));
    }
    all.into_iter().find_map(|folder| {
        if folder.join("region.toml").is_file() {
            Some(Root::Region(folder))
        } else if folder.join("records").is_dir() {
            Some(Root::Mappings(folder))
        } else {
            None
        }
    })
}

fn of_region(folder: &Path) -> Result<(Ground, PathBuf), Failure> {
    let mut loaded = load(&Folder::new(folder), &crate::adapters::kinds());
    let findings = check::findings(&loaded);
    let Some(region) = loaded.region.take().filter(|_| !check::has_errors(&findings)) else {
        check::show_below(folder, &findings, &loaded.sources);
        return Err(unsound(folder));
    };
    let mappings = folder.join(&loaded.mappings_folder);
    let ground = Ground {
        mappings: region.mappings.clone(),
        region: Some(Arc::new(region)),
        sources: loaded.sources,
        root: folder.to_owned(),
    };
    Ok((ground, mappings))
}

fn of_mappings(folder: &Path) -> Result<(Ground, PathBuf), Failure> {
    let loaded = load_mappings(&Folder::new(folder));
    if check::has_errors(&loaded.diagnostics) {
        check::show_below(folder, &loaded.diagnostics, &loaded.sources);
        return Err(unsound(folder));
    }
    let (mappings, sources) = (loaded.mappings, loaded.sources);
    let ground = Ground { region: None, mappings, sources, root: folder.to_owned() };
    Ok((ground, folder.to_owned()))
}

fn unsound(folder: &Path) -> Failure {
    Failure::new(Exit::Usage, format!("{} has errors", folder.display()))
        .why("what its cases come to cannot be told while it cannot be used")
        .mend("mend what is shown above")
}

fn no_ground(here: &Path) -> Failure {
    Failure::new(Exit::Usage, "there is nothing to run cases with")
        .why(format!("neither a region nor a folder of mappings holds {}", here.display()))
        .mend("name a region with --region, or a path in a folder that has records/ in it")
}

fn lies_in(dir: &Path, outer: &Path) -> bool {
    match (fs::canonicalize(dir), fs::canonicalize(outer)) {
        (Ok(dir), Ok(outer)) => dir.starts_with(outer),
        _ => false,
    }
}

/// The folders in a folder, in order; none where there is no such folder.
fn folders(of: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = match fs::read_dir(of) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| unreadable(of, &error))?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<_> =
        paths.collect::<Result<_, _>>().map_err(|error| unreadable(of, &error))?;
    paths.retain(|path| path.is_dir());
    paths.sort();
    Ok(paths)
}

/// A folder's files by name.
pub(super) fn files(of: &Path) -> Result<Files, Failure> {
    let mut files = Files::new();
    let entries = fs::read_dir(of).map_err(|error| unreadable(of, &error))?;
    for entry in entries {
        let path = entry.map_err(|error| unreadable(of, &error))?.path();
        if path.is_file() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.insert(name, fs::read(&path).map_err(|error| unreadable(&path, &error))?);
        }
    }
    Ok(files)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Usage, format!("{} cannot be read", path.display()))
        .why(error.to_string())
        .mend("let yourself read it")
}
