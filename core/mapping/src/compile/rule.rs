//! Compiled rules: what both plans are built from.

use std::sync::Arc;

use luotsi_model::{FieldId, Type, Value, schema::Closed};

use super::Ways;
use crate::{codes, expression::Expression, path::Path, phone::Region, time::Pattern, trace::Site};

/// What the sender knows beside the record. The order is that of [`CONTEXT`].
pub(crate) const CONTEXT: [&str; 7] =
    ["delivery", "message", "client", "now", "source", "original", "row"];
/// The place of `row` in [`CONTEXT`]: which row of its group it is, from 1. The engine's own.
pub(crate) const ROW: usize = 6;

/// How a field's text stands in the document.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) holds: Type,
    pub(crate) codes: Option<Arc<codes::Table>>,
    /// The record's codes that the field takes, if it takes no other.
    pub(crate) closed: Option<Closed>,
    pub(crate) pattern: Option<Arc<Pattern>>,
    /// Whose national form of a phone number is read too.
    pub(crate) region: Option<Region>,
}

/// A constant's form in JSON: with quotes or as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Constant {
    pub(crate) text: Box<str>,
    pub(crate) is_quoted: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    Literal(Box<str>),
    /// A place in [`CONTEXT`].
    Context(usize),
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Field {
        id: FieldId,
        form: Form,
    },
    Constant(Constant),
    Context {
        name: usize,
        form: Form,
    },
    Template(Vec<Part>),
    /// What the rule's expression gives of its inputs.
    Computed,
}

/// An expression with what its names stand for.
#[derive(Clone, Debug)]
pub(crate) struct Formula<T> {
    pub(crate) expression: Arc<Expression>,
    /// In the order of the names after the first, `value`.
    pub(crate) inputs: Arc<[T]>,
}

/// Whether a rule is read.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// This text stands at this place.
    Text(Path, Box<str>),
    Formula(Formula<Path>),
}

/// A rule at a place of the document.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// Where it stands in the file.
    pub(crate) site: Site,
    pub(crate) at: Path,
    pub(crate) what: What,
    pub(crate) reads: bool,
    pub(crate) writes: bool,
    pub(crate) is_required: bool,
    /// What the record gets where the document has nothing.
    pub(crate) default: Option<Value>,
    /// What the document gets where the record has nothing, as it stands.
    pub(crate) fallback: Option<Box<str>>,
    /// Written only where the record has this field.
    pub(crate) with: Option<FieldId>,
    /// Read only where this holds.
    pub(crate) when: Option<Condition>,
    /// Makes the field's text of the document's.
    pub(crate) reading: Option<Formula<Path>>,
    /// Written only where this holds.
    pub(crate) on: Option<Formula<FieldId>>,
    /// Makes the document's text of the field's.
    pub(crate) writing: Option<Formula<FieldId>>,
}

impl Scope {
    pub(super) fn new(group: Option<FieldId>, at: Path, ways: Ways) -> Self {
        Self {
            group,
            at,
            reads: ways.reads,
            writes: ways.writes,
            rules: Vec::new(),
            fixed: Vec::new(),
            ignored: Vec::new(),
            each: Vec::new(),
            turns: Vec::new(),
        }
    }
}

impl Rule {
    pub(crate) fn field(&self) -> Option<FieldId> {
        match &self.what {
            What::Field { id, .. } => Some(*id),
            _ => None,
        }
    }

    pub(crate) const fn site(&self) -> Site {
        self.site
    }

    /// The places that its expressions look up in reading.
    pub(crate) fn looked_up(&self) -> impl Iterator<Item = &Path> {
        let when = match &self.when {
            Some(Condition::Formula(formula)) => Some(formula),
            _ => None,
        };
        when.into_iter().chain(&self.reading).flat_map(|formula| formula.inputs.iter())
    }

    /// The fields that its expressions see in writing.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = FieldId> {
        let formulas = self.on.iter().chain(&self.writing);
        formulas.flat_map(|formula| formula.inputs.iter().copied())
    }
}

/// Where the next thing of a scope is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Turn {
    Rule(usize),
    Each(usize),
}

/// The rules of the record, or of a group's rows.
#[derive(Debug)]
pub(crate) struct Scope {
    /// The group; none for the record itself.
    pub(crate) group: Option<FieldId>,
    /// Where its rows stand; no step for the record itself.
    pub(crate) at: Path,
    pub(crate) reads: bool,
    pub(crate) writes: bool,
    pub(crate) rules: Vec<Rule>,
    /// Fields with no place in the document, whose value the document's kind decides.
    pub(crate) fixed: Vec<(FieldId, Value, Site)>,
    pub(crate) ignored: Vec<(Path, Site)>,
    pub(crate) each: Vec<Scope>,
    /// The writing order.
    pub(crate) turns: Vec<Turn>,
}
