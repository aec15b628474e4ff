//! Code sets over all record kinds: one name, one set.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use luotsi_model::{Kind, Schema, schema::CodeSet};

use super::findings::{Findings, Place};

/// A set that is listed in several kinds is the same in all. A mapping of one kind is judged by that
/// kind's list, so a code added to one list alone would pass here and be refused there.
pub(super) fn agree(schemas: &BTreeMap<Kind, Arc<Schema>>, folder: &str, findings: &Findings) {
    let mut known: BTreeMap<&str, (&CodeSet, &Kind)> = BTreeMap::new();
    for (kind, schema) in schemas {
        let place = Place { file: &format!("{folder}/records/{kind}.toml"), findings };
        for set in sets(schema).into_values() {
            match known.entry(&set.name) {
                Entry::Vacant(entry) => {
                    entry.insert((set, kind));
                }
                Entry::Occupied(entry) if !is_same(entry.get().0, set) => {
                    differ(set, entry.get(), place);
                }
                Entry::Occupied(_) => {}
            }
        }
    }
}

/// The sets of a kind's fields, by name.
fn sets(schema: &Schema) -> BTreeMap<&str, &CodeSet> {
    let sets = schema.leaves().filter_map(|(_, field)| field.codes.as_ref());
    sets.map(|set| (&*set.name, set)).collect()
}

/// Whether both list the same codes, in whatever order.
fn is_same(one: &CodeSet, other: &CodeSet) -> bool {
    match (&one.closed, &other.closed) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            one.codes().len() == other.codes().len() && one.codes().all(|code| other.has(code))
        }
        _ => false,
    }
}

fn differ(set: &CodeSet, (known, first): &(&CodeSet, &Kind), place: Place<'_>) {
    let name = &set.name;
    let what = match (&known.closed, &set.closed) {
        (Some(_), Some(_)) => format!("the code set `{name}` lists other codes than in `{first}`"),
        (Some(_), None) => format!("the code set `{name}` is open here and closed in `{first}`"),
        _ => format!("the code set `{name}` is closed here and open in `{first}`"),
    };
    let why = "one name means one set: what one kind takes another would refuse";
    place.error("LU129", 0..0, what, why, "list the same codes in both, or give one another name");
}
