//! A FHIR resource in JSON, read element by element. It stops at nothing: every element that is
//! missing, unknown or not understood is found in one reading, each by its FHIRPath.

use std::{cell::RefCell, collections::BTreeMap};

use luotsi_mapping::Fault;
use serde_json::Value;

/// As many as one answer tells.
const FAULTS_MAX: usize = 256;

/// What is wrong with a resource.
#[derive(Default)]
pub(super) struct Faults(RefCell<Vec<Fault>>);

impl Faults {
    /// Notes a fault; `why` names no value.
    pub(super) fn find(&self, code: &'static str, at: &str, why: impl Into<String>) {
        let mut all = self.0.borrow_mut();
        if all.len() < FAULTS_MAX {
            let (at, why) = (at.to_owned(), why.into());
            all.push(Fault { code, at, field: None, line: 0, column: 0, why });
        }
    }

    /// `value`, if nothing was found.
    pub(super) fn unless_any<T>(self, value: Option<T>) -> Result<T, Vec<Fault>> {
        let all = self.0.into_inner();
        match value {
            Some(value) if all.is_empty() => Ok(value),
            _ => Err(all),
        }
    }
}

/// One element, or one of its repetitions.
#[derive(Clone)]
pub(super) struct Element<'a> {
    /// Its FHIRPath: `Consent.provision.actor[0].role`.
    pub(super) at: String,
    value: &'a Value,
}

impl<'a> Element<'a> {
    /// The resource itself.
    pub(super) fn resource(kind: &str, value: &'a Value) -> Self {
        Self { at: kind.to_owned(), value }
    }

    /// A text that is not empty.
    pub(super) fn text(&self, faults: &Faults) -> Option<&'a str> {
        let text = self.value.as_str().filter(|text| !text.trim().is_empty());
        if text.is_none() {
            faults.find("wrong-type", &self.at, "a text that is not empty is wanted here");
        }
        text
    }

    /// Whether it is a JSON `true`.
    pub(super) fn is_true(&self) -> bool {
        self.value.as_bool() == Some(true)
    }

    /// Its members.
    pub(super) fn object<'f>(&self, faults: &'f Faults) -> Option<Object<'a, 'f>> {
        let members = self.value.as_object().filter(|members| !members.is_empty());
        let Some(members) = members else {
            faults.find("wrong-type", &self.at, "an object that is not empty is wanted here");
            return None;
        };
        let left = members.iter().map(|(name, value)| (name.as_str(), value)).collect();
        Some(Object { at: self.at.clone(), left, taken: 0, faults })
    }

    /// Its repetitions. An empty list is a fault: FHIR has none, and it would read as *any*.
    pub(super) fn list(&self, faults: &Faults) -> Vec<Self> {
        let items = self.value.as_array().filter(|items| !items.is_empty());
        let Some(items) = items else {
            faults.find("wrong-type", &self.at, "a list that is not empty is wanted here");
            return Vec::new();
        };
        let one = |(at, value)| Self { at: format!("{}[{at}]", self.at), value };
        items.iter().enumerate().map(one).collect()
    }

    /// Finds every modifier that is not understood, at whatever depth: each of them may turn the
    /// meaning of what holds it.
    pub(super) fn refuse_modifiers(&self, faults: &Faults) {
        const WHY: &str = "it may change what this element means, and the hub knows none";
        match self.value {
            Value::Object(members) => {
                for (name, value) in members {
                    let member = Self { at: format!("{}.{name}", self.at), value };
                    if matches!(name.as_str(), "modifierExtension" | "implicitRules") {
                        faults.find("unknown-modifier", &member.at, WHY);
                    } else {
                        member.refuse_modifiers(faults);
                    }
                }
            }
            Value::Array(items) => items.iter().enumerate().for_each(|(at, value)| {
                Self { at: format!("{}[{at}]", self.at), value }.refuse_modifiers(faults);
            }),
            _ => {}
        }
    }
}

/// The members of an element that have not been read yet.
pub(super) struct Object<'a, 'f> {
    pub(super) at: String,
    left: BTreeMap<&'a str, &'a Value>,
    taken: u32,
    faults: &'f Faults,
}

impl<'a> Object<'a, '_> {
    /// A member, if it is there.
    pub(super) fn take(&mut self, name: &str) -> Option<Element<'a>> {
        let value = self.left.remove(name)?;
        self.taken += 1;
        Some(Element { at: format!("{}.{name}", self.at), value })
    }

    /// A member that must be there.
    pub(super) fn need(&mut self, name: &str, why: &str) -> Option<Element<'a>> {
        let found = self.take(name);
        if found.is_none() {
            self.faults.find("missing-field", &format!("{}.{name}", self.at), why);
        }
        found
    }

    /// The repetitions of a member; none when it is absent.
    pub(super) fn list(&mut self, name: &str) -> Vec<Element<'a>> {
        self.take(name).map(|element| element.list(self.faults)).unwrap_or_default()
    }

    /// Leaves members out, and tells how many there were.
    pub(super) fn ignore(&mut self, names: &[&str]) -> u32 {
        let present = names.iter().filter(|name| self.left.remove(**name).is_some());
        u32::try_from(present.count()).unwrap_or(u32::MAX)
    }

    /// Refuses a member that would constrain and is not understood.
    pub(super) fn refuse(&mut self, name: &str, why: &str) {
        if let Some(element) = self.take(name) {
            self.faults.find("not-understood", &element.at, why);
        }
    }

    /// Refuses what nothing has read, and tells how many members were.
    pub(super) fn finish(mut self) -> u32 {
        // Told already, wherever it stands.
        self.ignore(&["modifierExtension", "implicitRules"]);
        for name in self.left.keys() {
            let why = "the hub does not know this element, and passes over nothing";
            self.faults.find("unknown-element", &format!("{}.{name}", self.at), why);
        }
        self.taken
    }
}
