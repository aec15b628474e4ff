//! A pack's cases.

use std::{path::Path, time::Instant};

use luotsi_mapping::{Document, case::Case};
use luotsi_model::Diagnostic;

use super::{
    Coverage, Failure, Ran,
    find::{Ground, files, head},
};

/// Runs one; or what is wrong with its head.
pub(super) fn run(
    pack: &str,
    dir: &Path,
    ground: &Ground,
    coverage: &mut Coverage,
) -> Result<Result<Ran, Vec<Diagnostic>>, Failure> {
    let started = Instant::now();
    let case = match Case::read(&head(dir), files(dir)?) {
        Ok(case) => case,
        Err(found) => return Ok(Err(found)),
    };
    let name = format!("{pack}/{}", case.mapping);
    let Some(mapping) = ground.mappings.get(&name) else {
        return Ok(Err(vec![
            Diagnostic::error("LU101", &head(dir), 0..0, format!("there is no mapping {name}"))
                .why("a case shows what a mapping of its pack does")
                .mend("name a mapping file beside cases/, without its ending"),
        ]));
    };
    let prefix = format!("{pack}/");
    let takers = |document: &Document<'_>| -> Vec<String> {
        let own = ground.mappings.iter().filter(|(name, _)| name.starts_with(&prefix));
        let taking = own.filter(|(_, mapping)| mapping.reads() && mapping.matches(document));
        taking.map(|(name, _)| name[prefix.len()..].to_owned()).collect()
    };
    let verdict = case.run(mapping, &takers);
    coverage.pack(pack);
    coverage.add(&name, verdict.used);
    let ran = Ran::new(pack, dir, &case.says, started);
    Ok(Ok(ran.with(verdict.differences, verdict.blessed)))
}
