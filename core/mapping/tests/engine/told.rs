//! What the listener tells agrees with what was done.

use std::collections::BTreeSet;

use luotsi_mapping::{Document, Limits, Mapping, Place, read};
use luotsi_model::{Record, Schema, Value, Values, hetu::Strictness};
use proptest::prelude::*;

use crate::{
    laws::{flat, record},
    sample::{CSV, HL7, JSON, XML, mapping},
};

/// Every value's field with its rows' numbers, as the listener names them.
fn fields(values: &Values, schema: &Schema, rows: &[usize], out: &mut BTreeSet<String>) {
    for (id, value) in values.iter() {
        match value {
            Value::Group(group) => group.iter().enumerate().for_each(|(at, row)| {
                fields(row, schema, &[rows, &[at]].concat(), out);
            }),
            _ => {
                let numbers = rows.iter().fold(schema.field(id).path.clone(), |path, row| {
                    path.replacen("[]", &format!("[{row}]"), 1)
                });
                out.insert(numbers);
            }
        }
    }
}

fn check(mapping: &Mapping, record: &Record) {
    let (written, wrote) = mapping.encode_told(&record.values, &[]).unwrap();
    assert_eq!(written, mapping.encode(&record.values, &[]).unwrap(), "the same document");
    let document = read(mapping.format(), &written, &Limits::default());
    let document = document.and_then(Document::record).unwrap();
    let (decoded, reading) = mapping.decode_told(&document, Strictness::Strict);
    assert_eq!(decoded, mapping.decode(&document, Strictness::Strict), "the same record");

    let leaves = document.leaves_told();
    assert_eq!((leaves.len(), reading.leaves.len()), (document.leaves(), document.leaves()));
    assert!(reading.leaves.iter().all(|leaf| !leaf.is_unmapped && leaf.ignored.is_none()));

    // The leaf that a rule wrote is the leaf from which the same rule reads the same field.
    for one in &wrote {
        let leaf = one.leaf(&leaves).expect("a leaf was written");
        let back = (one.by, one.field.clone());
        assert!(reading.leaves[leaf].by.contains(&back), "{back:?} at {}", leaves[leaf].at);
    }
    let of = |field: &Option<String>| field.clone();
    let shown: BTreeSet<_> = wrote.iter().filter_map(|one| of(&one.field)).collect();
    let taken = reading.leaves.iter().flat_map(|leaf| &leaf.by);
    let taken: BTreeSet<_> = taken.filter_map(|(_, field)| of(field)).collect();
    assert_eq!(shown, taken);
    let given: BTreeSet<_> = reading.given.iter().map(|given| given.field.clone()).collect();
    let mut all = BTreeSet::new();
    fields(&record.values, mapping.schema(), &[], &mut all);
    assert_eq!(&taken | &given, all, "every value of the record came from somewhere");

    let known: BTreeSet<_> = mapping.places().iter().map(|place| place.site).collect();
    let rules = reading.leaves.iter().flat_map(|leaf| leaf.by.iter().map(|(by, _)| *by));
    assert!(rules.chain(wrote.iter().map(|one| one.by)).all(|by| known.contains(&by)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_value_has_its_rule(record in record()) {
        prop_assume!(!record.values.is_empty());
        check(&mapping(XML), &record);
        check(&mapping(JSON), &record);
        check(&mapping(HL7), &record);
        check(&mapping(CSV), &flat(record));
    }
}

#[test]
fn what_is_left_over_is_told_so() {
    let text = r#"<Lahete xmlns="urn:test:1" uusi="1"><Asiakas><Henkilotunnus>010594Y9032</Henkilotunnus>
        </Asiakas><Tulostus koko="A4"/><Tuntematon><a/></Tuntematon></Lahete>"#;
    let mapping = mapping(XML);
    let document = read(mapping.format(), text.as_bytes(), &Limits::default()).unwrap();
    let (_, reading) = mapping.decode_told(&document, Strictness::Strict);
    let told = |want: fn(&luotsi_mapping::Taken) -> bool| -> Vec<_> {
        reading.of(&document).filter(|(_, taken)| want(taken)).map(|(leaf, _)| leaf.at).collect()
    };
    assert_eq!(told(|taken| taken.is_unmapped), ["Lahete/@uusi", "Lahete/Tuntematon/a"]);
    assert_eq!(told(|taken| taken.ignored.is_some()), ["Lahete/Tulostus/@koko"]);
    let start = |place: &Place| &XML[place.site.start()..][..6];
    let ignored = mapping.places().into_iter().find(|place| place.is_ignored).unwrap();
    assert_eq!(start(&ignored), "\"Tulos");
}
