//! The region's own names for what a report speaks of, in its languages.

use std::collections::BTreeMap;

use luotsi_model::{Category, Kind, SystemId, schema::Title};
use luotsi_region::Region;
use serde::{Deserialize, Serialize};

use super::Disclosure;

/// Names by what they name. What the region has no name for is not in them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Words {
    /// Organisations, by their system.
    pub systems: BTreeMap<String, Title>,
    /// Record kinds.
    pub kinds: BTreeMap<String, Title>,
    /// Fields, by kind and path.
    pub fields: BTreeMap<String, BTreeMap<String, FieldWord>>,
}

/// A field's name, and what it is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FieldWord {
    /// Its name.
    pub title: Title,
    /// Its category today. The log holds the categories of the day.
    pub category: Category,
}

impl Words {
    /// The names for all that these disclosures speak of.
    pub(super) fn of(region: &Region, disclosures: &[Disclosure]) -> Self {
        let mut words = Self::default();
        for disclosure in disclosures {
            for system in [&disclosure.source, &disclosure.recipient] {
                words.system(region, system);
            }
            words.record(region, disclosure);
        }
        words
    }

    fn system(&mut self, region: &Region, system: &str) {
        let connection = region.connection(&SystemId::new(system));
        let organisation = connection.map(|connection| &connection.recipient.organisation);
        if let Some(known) = organisation.and_then(|name| region.organisations.get(name)) {
            self.systems.entry(system.to_owned()).or_insert_with(|| known.title.clone());
        }
    }

    fn record(&mut self, region: &Region, disclosure: &Disclosure) {
        let kind = &disclosure.kind;
        let Some(schema) = region.schema(&Kind::new(kind)) else { return };
        self.kinds.entry(kind.clone()).or_insert_with(|| schema.title.clone());
        let fields = self.fields.entry(kind.clone()).or_default();
        for path in disclosure.fields.iter().chain(&disclosure.withheld) {
            if let Some(field) = schema.find(path).map(|id| schema.field(id)) {
                fields.entry(path.clone()).or_insert_with(|| FieldWord {
                    title: field.title.clone(),
                    category: field.category,
                });
            }
        }
    }
}
