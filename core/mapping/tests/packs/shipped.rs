//! What the project ships in `mappings/`, compiled.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use luotsi_mapping::{Lookup, Mapping, codes::Table};
use luotsi_model::{Diagnostic, Kind, Schema};

/// The packs, each a folder.
pub(crate) fn packs() -> Vec<String> {
    let folders = listed(&project().join("mappings"), "").into_iter().filter(|path| path.is_dir());
    let names = folders.map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
    names.filter(|name| name != "records" && name != "codes").collect()
}

type Tables = BTreeMap<String, Arc<Table>>;

pub(crate) fn project() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.expect("the crate stands in core/").to_owned()
}

pub(crate) fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The paths in `dir` whose name ends in `ending`, in order.
pub(crate) fn listed(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(ending));
    paths.sort();
    paths
}

/// The name without folder and ending.
pub(crate) fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

/// All that `mappings/` holds, compiled.
pub(crate) struct Shipped {
    pub(crate) tables: Tables,
    pub(crate) mappings: BTreeMap<String, Mapping>,
    /// Rendered, each with its place.
    pub(crate) findings: Vec<String>,
}

impl Shipped {
    pub(crate) fn load() -> Self {
        let root = project().join("mappings");
        let mut findings = Vec::new();
        let mut note = |text: &str, found: Vec<Diagnostic>| {
            for d in found {
                let (line, column) = luotsi_model::diagnostic::line_column(
                    text,
                    d.span.as_ref().map_or(0, |span| span.start),
                );
                let at = format!("{}:{line}:{column}", d.file);
                findings.push(format!("{at}: {} {}; {}; {}", d.code, d.what, d.why, d.mend));
            }
        };
        let mut schemas = BTreeMap::new();
        for path in listed(&root.join("records"), ".toml") {
            let text = text(&path);
            let (schema, found) =
                luotsi_mapping::schema::parse(&format!("records/{}.toml", stem(&path)), &text);
            note(&text, found);
            schemas.extend(schema.map(|schema| (schema.kind.clone(), Arc::new(schema))));
        }
        let mut tables = BTreeMap::new();
        for path in listed(&root.join("codes"), ".csv") {
            let (text, name) = (text(&path), stem(&path));
            let (table, found) = luotsi_mapping::codes::parse(&format!("codes/{name}.csv"), &text);
            note(&text, found);
            tables.extend(table.map(|table| (name, Arc::new(table))));
        }
        let mappings = compile(&root, &schemas, &tables, &mut note);
        Self { tables, mappings, findings }
    }

    /// The mapping `pack/name`.
    pub(crate) fn mapping(&self, name: &str) -> &Mapping {
        self.mappings.get(name).unwrap_or_else(|| panic!("{name} does not compile"))
    }
}

fn compile(
    root: &Path,
    schemas: &BTreeMap<Kind, Arc<Schema>>,
    tables: &Tables,
    note: &mut impl FnMut(&str, Vec<Diagnostic>),
) -> BTreeMap<String, Mapping> {
    let lookup = Lookup { schemas, codes: tables };
    let mut mappings = BTreeMap::new();
    for pack in packs() {
        for path in listed(&root.join(&pack), ".toml") {
            let (text, name) = (text(&path), format!("{pack}/{}", stem(&path)));
            let (mapping, found) = luotsi_mapping::compile(&format!("{name}.toml"), &text, &lookup);
            note(&text, found);
            mappings.extend(mapping.map(|mapping| (name, mapping)));
        }
    }
    mappings
}
