//! A record kind, declared: the one table that mappings, projection and static checks work on.

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{Category, Kind};

/// A field's place in its schema's table. Valid within one generation only; stored records name
/// fields by path.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FieldId(pub u16);

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Type {
    /// Any text.
    Text,
    /// A code of the field's code set.
    Code,
    /// A calendar day.
    Date,
    /// A moment.
    Instant,
    /// A decimal number, kept as written: `1.0` is not `1.00`.
    Decimal,
    /// Yes or no.
    Boolean,
    /// Henkilötunnus.
    Hetu,
    /// Y-tunnus.
    Ytunnus,
    /// An object identifier, dotted decimal.
    Oid,
    /// A phone number in E.164: `+` and 7 to 15 digits.
    Phone,
    /// A Finnish municipality's code, three digits: `091`. The code set `1.2.246.537.6.21` is not
    /// at hand, so its form alone is held to.
    Municipality,
    /// A repeating group of fields.
    Group,
}

/// A name in the region's languages.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// Finnish.
    #[serde(default)]
    pub fi: String,
    /// Swedish.
    #[serde(default)]
    pub sv: String,
    /// English.
    #[serde(default)]
    pub en: String,
}

/// What codes a field takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeSet {
    /// Its name, to people.
    pub name: String,
    /// All of its codes, in the order of declaration, where it is closed. An open set is the
    /// region's to fill, and takes any code.
    pub closed: Option<Closed>,
}

/// The codes of a closed set, in the order of declaration: no other is taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Closed(Arc<[String]>);

impl Closed {
    /// The set of these codes.
    pub fn new(codes: impl IntoIterator<Item = String>) -> Self {
        Self(codes.into_iter().collect())
    }

    /// The codes, in the order of declaration.
    pub fn codes(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether the code is of the set.
    pub fn has(&self, code: &str) -> bool {
        self.0.iter().any(|known| known == code)
    }
}

/// One field of a record kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its path: `client.hetu`; a group ends in `[]`, its members start with it: `goals[].text`.
    pub path: String,
    /// What it holds.
    pub holds: Type,
    /// What it is about. A group's own category is never asked: its members' are.
    pub category: Category,
    /// Whether a record without it is refused.
    pub required: bool,
    /// Whether it tells the rows of its group apart: rows with equal keys are the same row.
    pub key: bool,
    /// The group it stands in.
    pub group: Option<FieldId>,
    /// The code set of a [`Type::Code`] field.
    pub codes: Option<CodeSet>,
    /// Its FHIR R4 counterpart, for the reference page.
    pub fhir: Option<String>,
    /// Its name to a person.
    pub title: Title,
}

impl Field {
    /// The codes it takes, if no other is taken.
    pub fn closed(&self) -> Option<&Closed> {
        self.codes.as_ref()?.closed.as_ref()
    }
}

/// A record kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schema {
    /// The kind's name.
    pub kind: Kind,
    /// Its name to a person.
    pub title: Title,
    /// Its FHIR R4 counterpart.
    pub fhir: Option<String>,
    /// The field that names the client, if the kind is about one.
    pub subject: Option<FieldId>,
    /// The field that holds the service task.
    pub service: Option<FieldId>,
    /// The field by which an answer names the task it answers.
    pub task: Option<FieldId>,
    fields: Vec<Field>,
    by_path: HashMap<String, FieldId>,
}

impl Schema {
    /// An empty kind.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            title: Title::default(),
            fhir: None,
            subject: None,
            service: None,
            task: None,
            fields: Vec::new(),
            by_path: HashMap::new(),
        }
    }

    /// Adds a field and gives its place; an existing path keeps its first place.
    pub fn add(&mut self, field: Field) -> FieldId {
        if let Some(id) = self.find(&field.path) {
            return id;
        }
        let id = FieldId(u16::try_from(self.fields.len()).unwrap_or(u16::MAX));
        self.by_path.insert(field.path.clone(), id);
        self.fields.push(field);
        id
    }

    /// The field at `id`. An id of another schema panics: that is a defect, not an input.
    pub fn field(&self, id: FieldId) -> &Field {
        &self.fields[usize::from(id.0)]
    }

    /// The field of that path.
    pub fn find(&self, path: &str) -> Option<FieldId> {
        self.by_path.get(path).copied()
    }

    /// Every field with its place, in the order of declaration.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (FieldId, &Field)> {
        self.fields.iter().enumerate().map(|(at, field)| (FieldId(at as u16), field))
    }

    /// The fields that hold a value of their own, groups left out.
    pub fn leaves(&self) -> impl Iterator<Item = (FieldId, &Field)> {
        self.fields().filter(|(_, field)| field.holds != Type::Group)
    }
}
