//! `Coding` and `CodeableConcept`, and the `Reference` and `Identifier` that name who is who.

use super::element::{Element, Faults};

/// A code with its system. What a person would read (`display`) decides nothing.
pub(super) struct Coding<'a> {
    pub(super) at: String,
    system: &'a str,
    code: &'a str,
}

impl<'a> Coding<'a> {
    /// Reads a coding.
    pub(super) fn read(element: &Element<'a>, faults: &Faults) -> Option<Self> {
        let mut object = element.object(faults)?;
        object.ignore(&["id", "display", "userSelected"]);
        // A version may part the meaning of a code; the hub holds codes of one version only.
        object.refuse("version", "the hub tells no versions of a code system apart");
        let system = object.need("system", "a code means nothing without its system");
        let code = object.need("code", "a coding needs its code");
        object.finish();
        let (system, code) = (system?.text(faults), code?.text(faults));
        Some(Self { at: element.at.clone(), system: system?, code: code? })
    }

    /// What it means to `known`.
    pub(super) fn means<T>(&self, known: impl Fn(&str, &str) -> Option<T>) -> Option<T> {
        known(self.system, self.code)
    }
}

/// What each coding of a list means; `wanted` is told of one that means nothing here.
pub(super) fn codings<T>(
    elements: &[Element<'_>],
    known: impl Fn(&str, &str) -> Option<T>,
    wanted: &str,
    faults: &Faults,
) -> Vec<T> {
    let one = |element: &Element<'_>| {
        let coding = Coding::read(element, faults)?;
        let meaning = coding.means(&known);
        if meaning.is_none() {
            faults.find("unknown-code", &coding.at, wanted);
        }
        meaning
    };
    elements.iter().filter_map(one).collect()
}

/// What a concept means. Its codings say the same in several systems, so one that is known will
/// do; two that mean different things will not.
pub(super) fn concept<T: PartialEq>(
    element: &Element<'_>,
    known: impl Fn(&str, &str) -> Option<T>,
    wanted: &str,
    faults: &Faults,
) -> Option<T> {
    let mut object = element.object(faults)?;
    object.ignore(&["id", "text"]);
    let codings = object.need("coding", "a text alone is read by nobody here: send the code");
    object.finish();
    let codings = codings?.list(faults);
    let codings: Vec<_> = codings.iter().filter_map(|one| Coding::read(one, faults)).collect();
    let mut meanings = codings.iter().filter_map(|coding| coding.means(&known));
    let Some(first) = meanings.next() else {
        faults.find("unknown-code", &element.at, wanted);
        return None;
    };
    if meanings.any(|other| other != first) {
        let why = "its codings mean different things here";
        faults.find("not-understood", &element.at, why);
    }
    Some(first)
}

/// What each concept of a list means.
pub(super) fn concepts<T: PartialEq>(
    elements: &[Element<'_>],
    known: impl Fn(&str, &str) -> Option<T>,
    wanted: &str,
    faults: &Faults,
) -> Vec<T> {
    elements.iter().filter_map(|element| concept(element, &known, wanted, faults)).collect()
}

/// A reference, by what it names its target with.
pub(super) struct Reference<'a> {
    /// The identifier's system and value.
    pub(super) identifier: Option<(&'a str, &'a str)>,
    /// A literal reference, which leads nowhere here: the hub holds no such resources.
    pub(super) literal: Option<&'a str>,
    /// The name a person would read.
    pub(super) display: Option<&'a str>,
}

impl<'a> Reference<'a> {
    pub(super) fn read(element: &Element<'a>, faults: &Faults) -> Option<Self> {
        let mut object = element.object(faults)?;
        object.ignore(&["id", "type"]);
        let identifier = object.take("identifier").and_then(|one| identifier(&one, faults));
        let literal = object.take("reference").and_then(|one| one.text(faults));
        let display = object.take("display").and_then(|one| one.text(faults));
        object.finish();
        Some(Self { identifier, literal, display })
    }
}

/// The system and value of an `Identifier`.
pub(super) fn identifier<'a>(element: &Element<'a>, faults: &Faults) -> Option<(&'a str, &'a str)> {
    let mut object = element.object(faults)?;
    object.ignore(&["id", "use", "type", "period", "assigner"]);
    let system = object.need("system", "an identifier says nothing without its system");
    let value = object.need("value", "an identifier needs its value");
    object.finish();
    let (system, value) = (system?.text(faults), value?.text(faults));
    Some((system?, value?))
}
