//! `mappings/`: record schemas, code tables and the packs of mapping files.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use luotsi_mapping::{Lookup, Mapping, codes, compile, schema};
use luotsi_model::{Diagnostic, Kind, Schema};

use super::{
    findings::{Findings, Names, Place, Word},
    sets,
    sources::Sources,
    words::{KIND, MAPPING},
};

/// What the mappings folder holds.
pub(crate) struct Packs {
    pub(crate) schemas: BTreeMap<Kind, Arc<Schema>>,
    pub(crate) kind_names: Names,
    pub(crate) mappings: BTreeMap<String, Arc<Mapping>>,
    mapping_names: Names,
    /// Every code that some code table gives.
    pub(crate) codes: BTreeSet<String>,
}

impl Packs {
    /// The mapping of that name. `None` too when its own file has errors: they are found there.
    pub(crate) fn mapping(&self, word: &Word, place: Place<'_>) -> Option<Arc<Mapping>> {
        let known = self.mapping_names.has(word, place);
        known.then(|| self.mappings.get(word.get_ref()).cloned()).flatten()
    }
}

/// Reads and compiles everything in the folder, used or not: a pack is held to be whole.
pub(crate) fn read(folder: &str, sources: &mut Sources<'_>, findings: &Findings) -> Packs {
    let is_there = !sources.list(&format!("{folder}/records"), findings).is_empty();
    if !is_there {
        findings.add(no_records(folder));
    }
    let schemas = Shelf::read(&format!("{folder}/records"), "toml", sources, findings);
    let (schemas, broken_schema) = schemas.parse(findings, schema::parse);
    let schemas = by_kind(schemas, folder, findings);
    sets::agree(&schemas, folder, findings);
    let tables = Shelf::read(&format!("{folder}/codes"), "csv", sources, findings);
    let (tables, broken_table) = tables.parse(findings, codes::parse);
    let codes = tables.values().flat_map(|table| table.targets().map(str::to_owned)).collect();
    let tables = tables.into_iter().map(|(name, table)| (name, Arc::new(table))).collect();
    let lookup = Lookup { schemas: &schemas, codes: &tables };
    let follows = Follows { broken_schema, broken_table };
    let compile = |file: &str, text: &str| follows.leave_out(compile(file, text, &lookup));
    let (mapping_names, mappings) = compiled(folder, sources, findings, compile);
    let kinds = schemas.keys().map(ToString::to_string);
    Packs {
        kind_names: Names::new(&KIND, kinds, is_there && !broken_schema),
        mapping_names: Names::new(&MAPPING, mapping_names, is_there),
        schemas,
        mappings,
        codes,
    }
}

/// The name of every mapping there is, and those mappings that have no errors.
fn compiled(
    folder: &str,
    sources: &mut Sources<'_>,
    findings: &Findings,
    compile: impl Fn(&str, &str) -> Compiled,
) -> (Vec<String>, BTreeMap<String, Arc<Mapping>>) {
    let mut names = Vec::new();
    let mut mappings = BTreeMap::new();
    for pack in packs(folder, sources, findings) {
        let shelf = Shelf::read(&format!("{folder}/{pack}"), "toml", sources, findings);
        names.extend(shelf.names().map(|name| format!("{pack}/{name}")));
        let (compiled, _) = shelf.parse(findings, &compile);
        let named = |(name, mapping)| (format!("{pack}/{name}"), Arc::new(mapping));
        mappings.extend(compiled.into_iter().map(named));
    }
    (names, mappings)
}

/// One finding instead of one for every name that would be in the folder.
fn no_records(folder: &str) -> Diagnostic {
    let what = format!("there are no record kinds in {folder}/records");
    let finding = Diagnostic::error("LU200", "region.toml", 0..0, what)
        .why("a region's mappings, routes and policy speak of the record kinds declared there")
        .mend("name the folder of the mappings: mappings = \"…\", from the region's folder");
    Diagnostic { span: None, ..finding }
}

/// By kind, which is also the file's name: so no two files declare the same.
fn by_kind(
    schemas: BTreeMap<String, Schema>,
    folder: &str,
    findings: &Findings,
) -> BTreeMap<Kind, Arc<Schema>> {
    for (stem, schema) in schemas.iter().filter(|(stem, s)| *stem != s.kind.as_str()) {
        let place = Place { file: &format!("{folder}/records/{stem}.toml"), findings };
        let what = format!("the file declares the kind `{}`", schema.kind);
        let why = "a record kind is found by the name of its file";
        place.error("LU206", 0..0, what, why, format!("rename the file or write `{stem}`"));
    }
    schemas.into_values().map(|schema| (schema.kind.clone(), Arc::new(schema))).collect()
}

fn packs(folder: &str, sources: &Sources<'_>, findings: &Findings) -> Vec<String> {
    let entries = sources.list(folder, findings).into_iter();
    let packs = entries.filter_map(|name| name.strip_suffix('/').map(str::to_owned));
    packs.filter(|name| name != "records" && name != "codes").collect()
}

/// A folder of files of one sort: its path, and each file's stem with its path and text.
struct Shelf(Vec<(String, String, Option<Arc<str>>)>);

impl Shelf {
    fn read(folder: &str, suffix: &str, sources: &mut Sources<'_>, findings: &Findings) -> Self {
        let stem = |name: String| Some(name.strip_suffix(suffix)?.strip_suffix('.')?.to_owned());
        let stems: Vec<_> = sources.list(folder, findings).into_iter().filter_map(stem).collect();
        let read = |stem: String| {
            let path = format!("{folder}/{stem}.{suffix}");
            let text = sources.text(&path, findings);
            (stem, path, text)
        };
        Self(stems.into_iter().map(read).collect())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(stem, _, _)| stem.as_str())
    }

    /// What each file holds, by its stem, and whether one or more hold errors.
    fn parse<T>(
        self,
        findings: &Findings,
        parse: impl Fn(&str, &str) -> (Option<T>, Vec<Diagnostic>),
    ) -> (BTreeMap<String, T>, bool) {
        let mut sound = BTreeMap::new();
        let count = self.0.len();
        for (stem, path, text) in self.0 {
            let Some(text) = text else { continue };
            let (parsed, found) = parse(&path, &text);
            findings.add_all(found);
            sound.extend(parsed.map(|parsed| (stem, parsed)));
        }
        let broken = sound.len() < count;
        (sound, broken)
    }
}

/// Findings in mapping files that only follow from a schema or a code table with errors of its
/// own. They are left out: mending that file may mend them.
struct Follows {
    broken_schema: bool,
    broken_table: bool,
}

impl Follows {
    fn leave_out(&self, compiled: Compiled) -> Compiled {
        let (mapping, mut found) = compiled;
        found.retain(|finding| match finding.code {
            "LU102" => !self.broken_schema,
            "LU104" => !self.broken_table,
            _ => true,
        });
        (mapping, found)
    }
}

type Compiled = (Option<Mapping>, Vec<Diagnostic>);
