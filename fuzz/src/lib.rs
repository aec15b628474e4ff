//! What the targets share: the shipped schemas and code tables, and what must hold of every input.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use luotsi_mapping::{Format, Limits, Lookup, Mapping, codes, compile, read, schema};
use luotsi_model::{Kind, Schema, hetu::Strictness};

/// What mapping files refer to, as shipped.
pub struct Shipped {
    schemas: BTreeMap<Kind, Arc<Schema>>,
    codes: BTreeMap<String, Arc<codes::Table>>,
}

impl Shipped {
    /// Reads `mappings/`.
    pub fn load() -> Self {
        let schemas = files("records").into_iter().filter_map(|(name, text)| {
            let schema = schema::parse(&name, &text).0?;
            Some((schema.kind.clone(), Arc::new(schema)))
        });
        let codes = files("codes").into_iter().filter_map(|(name, text)| {
            let table = codes::parse(&name, &text).0?;
            Some((name.trim_end_matches(".csv").to_owned(), Arc::new(table)))
        });
        Self { schemas: schemas.collect(), codes: codes.collect() }
    }

    /// Compiles a mapping file.
    pub fn compile(&self, text: &str) -> Option<Mapping> {
        let lookup = Lookup { schemas: &self.schemas, codes: &self.codes };
        let (mapping, found) = compile("fuzz.toml", text, &lookup);
        assert!(mapping.is_some() || !found.is_empty(), "refused without a reason");
        for one in found {
            let span = one.span.unwrap_or(0..0);
            assert!(span.start <= span.end && span.end <= text.len(), "a finding without a place");
        }
        mapping
    }

    /// The mappings of a pack, each of which must compile.
    pub fn pack(&self, pack: &str) -> Vec<Mapping> {
        let files = files(pack).into_iter();
        files.map(|(name, text)| self.compile(&text).unwrap_or_else(|| panic!("{name}"))).collect()
    }
}

fn files(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mappings").join(folder);
    let entries = fs::read_dir(folder).expect("a folder of mappings/");
    let paths = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
    let named =
        paths.filter(|path| path.extension().is_some_and(|end| end == "toml" || end == "csv"));
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    named.map(|path| (name(&path), fs::read_to_string(&path).expect("a file"))).collect()
}

/// Whatever is read is accounted for; what is written of it is read back as the same.
pub fn check(format: Format, bytes: &[u8], mappings: &[Mapping]) {
    let limits = Limits { bytes_max: 1 << 20, nodes_max: 20_000, ..Limits::default() };
    let document = match read(format, bytes, &limits) {
        Ok(document) => document,
        Err(fault) => {
            return assert!(fault.line > 0 && fault.column > 0, "a fault without a place");
        }
    };
    for document in document.records() {
        assert_eq!(document.leaves_told().len(), document.leaves());
        for mapping in mappings.iter().filter(|mapping| mapping.matches(&document)) {
            let Ok(decoded) = mapping.decode(&document, Strictness::Lenient) else { continue };
            let count = decoded.mapped + decoded.ignored + decoded.unmapped_count;
            assert_eq!(count as usize, document.leaves(), "the account must add up");
            let Ok(written) = mapping.encode(&decoded.record.values, &[]) else { continue };
            read(format, &written, &limits).expect("what is written is well-formed");
        }
    }
}
