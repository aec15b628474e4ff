//! A mapping held against what documents can have: an XML schema.

use luotsi_model::diagnostic::nearest;

use crate::{
    Mapping,
    compile::rule::{Condition, Rule, Scope},
    path::{Path, Select},
    trace::Site,
    xsd::{self, Declared},
};

/// What a schema and a mapping say otherwise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Gap {
    /// The schema declares it, and the mapping neither maps nor ignores it. `start` is its byte in
    /// the schema.
    Unmapped {
        /// The place in names.
        at: String,
        /// Its declaration in the schema.
        start: usize,
    },
    /// A rule names it, and the schema declares no such place.
    Undeclared {
        /// The place in names.
        at: String,
        /// The rule.
        by: Site,
        /// The place that was probably meant.
        nearest: Option<String>,
    },
}

impl Mapping {
    /// The XML schema that its file names, as written: from the file's own folder.
    pub fn xsd(&self) -> Option<&str> {
        self.xsd.as_deref()
    }

    /// What the XML schema `text` and the mapping say otherwise of its documents.
    ///
    /// # Errors
    /// Why the schema says nothing of them.
    pub fn held_against(&self, text: &str) -> Result<Vec<Gap>, String> {
        let root = self.guard.root.as_deref().unwrap_or_default();
        let declared = xsd::declared(text, root)?;
        let mut known = Vec::new();
        names(&self.record, &[], &mut known);
        let mut gaps = Vec::new();
        // What a mapping only writes may leave out what it likes.
        if self.reads {
            gaps.extend(
                declared
                    .iter()
                    .filter(|place| is_unmapped(place, &known))
                    .map(|place| Gap::Unmapped { at: place.steps.join("/"), start: place.start }),
            );
        }
        let unknown = known.iter().filter(|name| !is_declared(name, &declared));
        let mut undeclared: Vec<_> = unknown.map(|name| undeclared(name, &declared)).collect();
        undeclared.dedup();
        gaps.extend(undeclared);
        Ok(gaps)
    }
}

/// A place that the mapping names.
struct Name {
    steps: Vec<String>,
    /// Whether it stands for everything within.
    is_whole: bool,
    by: Site,
}

fn names(scope: &Scope, outer: &[String], known: &mut Vec<Name>) {
    for rule in &scope.rules {
        add(outer, &rule.at, false, rule.site, known);
        rule.looked_up().for_each(|at| add(outer, at, false, rule.site, known));
        if let Some(Condition::Text(at, _)) = &rule.when {
            add(outer, at, false, rule.site, known);
        }
    }
    for (at, by) in &scope.ignored {
        add(outer, at, true, *by, known);
    }
    for inner in &scope.each {
        let mut steps = outer.to_vec();
        steps.extend(inner.at.steps.iter().map(|step| step.name.to_string()));
        let by = inner.rules.first().map_or(Site::default(), Rule::site);
        keys(outer, &inner.at, by, known);
        names(inner, &steps, known);
    }
}

fn add(outer: &[String], at: &Path, is_whole: bool, by: Site, known: &mut Vec<Name>) {
    let mut steps = outer.to_vec();
    steps.extend(at.steps.iter().map(|step| match step.is_attribute {
        true => format!("@{}", step.name),
        false => step.name.to_string(),
    }));
    known.push(Name { steps, is_whole, by });
    keys(outer, at, by, known);
}

/// The keys of selectors are named too.
fn keys(outer: &[String], at: &Path, by: Site, known: &mut Vec<Name>) {
    let mut steps = outer.to_vec();
    for step in &at.steps {
        steps.push(step.name.to_string());
        if let Select::Where { key, is_attribute, .. } = &step.select {
            let mut steps = steps.clone();
            steps.push(if *is_attribute { format!("@{key}") } else { key.to_string() });
            known.push(Name { steps, is_whole: false, by });
        }
    }
}

fn is_unmapped(place: &Declared, known: &[Name]) -> bool {
    let covers = |name: &Name| match name.is_whole {
        true => place.steps.starts_with(&name.steps),
        false => place.steps == name.steps,
    };
    place.is_leaf && !known.iter().any(covers)
}

fn is_declared(name: &Name, declared: &[Declared]) -> bool {
    name.steps.is_empty()
        || declared.iter().any(|place| {
            place.steps == name.steps || (place.is_open && name.steps.starts_with(&place.steps))
        })
}

fn undeclared(name: &Name, declared: &[Declared]) -> Gap {
    let at = name.steps.join("/");
    let places: Vec<_> = declared.iter().map(|place| place.steps.join("/")).collect();
    let nearest = nearest(&at, places.iter().map(String::as_str)).map(str::to_owned);
    Gap::Undeclared { at, by: name.by, nearest }
}
