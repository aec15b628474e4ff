//! Mappings: which fields they read and write.

use luotsi_mapping::Mapping;
use luotsi_model::FieldId;

use super::{Change, between, sets, values};
use crate::Region;

pub(super) fn changes(old: &Region, new: &Region) -> Vec<Change> {
    between("mapping", by_name(old), by_name(new), details)
}

fn by_name(region: &Region) -> impl Iterator<Item = (String, &Mapping)> {
    region.mappings.iter().map(|(name, mapping)| (name.clone(), &**mapping))
}

/// A mapping's name in its region, `pack/name`, out of its file.
pub(super) fn name(mapping: &Mapping) -> &str {
    let file = mapping.name();
    let stem = file.strip_suffix(".toml").unwrap_or(file);
    let start = stem.rmatch_indices('/').nth(1).map_or(0, |(at, _)| at + 1);
    &stem[start..]
}

fn details(old: &Mapping, new: &Mapping) -> Vec<String> {
    let paths = |mapping: &Mapping, fields: Vec<FieldId>| -> Vec<String> {
        let schema = mapping.schema();
        fields.into_iter().map(|field| schema.field(field).path.clone()).collect()
    };
    let fields = |label, of: fn(&Mapping) -> Vec<FieldId>| {
        sets(label, paths(old, of(old)), paths(new, of(new)))
    };
    let parts = [
        values("record", &old.schema().kind, &new.schema().kind),
        fields("reads", Mapping::fields_read),
        fields("writes", Mapping::fields_written),
        fields("requires when writing", Mapping::fields_required_out),
    ];
    parts.into_iter().flatten().collect()
}
