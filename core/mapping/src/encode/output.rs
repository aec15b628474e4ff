//! The writing plan: the document's tree as the rules build it, in writing order, its names
//! rendered.

use std::ops::Range;

use luotsi_model::{FieldId, Value};

use crate::{
    Format,
    compile::{
        Guard,
        rule::{Formula, Rule, Scope, Turn, What},
    },
    document::LATIN1,
    path::{Select, Step, key_steps},
    trace::{Site, Write},
};

/// Writes one place.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) what: What,
    pub(super) is_required: bool,
    pub(super) with: Option<FieldId>,
    /// Written as it stands where the record has nothing.
    pub(super) fallback: Option<Box<str>>,
    /// The place, for faults.
    pub(super) at: Box<str>,
    /// Written only where this holds.
    pub(super) on: Option<Formula<FieldId>>,
    /// Makes the text of the field's.
    pub(super) writing: Option<Formula<FieldId>>,
    /// Whether being written makes its surroundings worth writing: a selector's key does not.
    pub(super) counts: bool,
    /// The rule; none of a selector's key, which many rules share.
    pub(super) site: Option<Site>,
}

/// An element, attribute, member, item or list.
#[derive(Debug)]
pub(super) struct Stem {
    step: Step,
    /// What opens it: `<name`, ` name="`, `"name":`.
    pub(super) open: Box<str>,
    /// What ends an element: `</name>`.
    pub(super) close: Box<str>,
    pub(super) own: Option<Leaf>,
    pub(super) attributes: Vec<Stem>,
    pub(super) children: Vec<Stem>,
    /// The group of which each row makes one.
    pub(super) each: Option<FieldId>,
    /// Leads to a selector's key: written though it holds nothing else, and worth nothing by itself.
    pub(super) is_kept: bool,
    /// A JSON array; its children are its items.
    pub(super) is_list: bool,
}

/// The whole plan.
#[derive(Debug)]
pub(crate) struct Output {
    pub(super) root: Stem,
    /// Fields that must hold these values.
    pub(super) fixed: Vec<(FieldId, Value, Site)>,
    /// HL7 v2: whether MSH-18 says ISO-8859-1.
    pub(super) is_latin: bool,
}

impl Output {
    pub(crate) fn build(record: &Scope, format: Format, guard: &Guard) -> Self {
        let name = guard.root.clone().unwrap_or_default();
        let mut root = Stem::new(Step { name, is_attribute: false, select: Select::Any }, format);
        root.grow(record, format);
        root.arrange(format);
        let mut is_latin = false;
        if format == Format::Hl7 {
            root.children.sort_by_key(|segment| segment.name() != "MSH");
            // What tells how a message is read is no leaf of it.
            if let Some(charset) = root.charset() {
                charset.site = None;
                is_latin = matches!(&charset.what, What::Constant(c) if *c.text == *LATIN1);
            }
        }
        if let Some(namespace) = &guard.namespace {
            let mut open = format!("{} xmlns=\"", root.open);
            // The compiler refuses a namespace that XML cannot carry.
            let _ = super::xml::escape(namespace, true, &mut open);
            root.open = format!("{open}\"").into();
        }
        Self { root, fixed: record.fixed.clone(), is_latin }
    }
}

impl Stem {
    fn new(step: Step, format: Format) -> Self {
        let name = &step.name;
        let (open, close) = match (format, step.is_attribute) {
            (Format::Xml, true) => (format!(" {name}=\""), "\"".to_owned()),
            (Format::Xml, false) => (format!("<{name}"), format!("</{name}>")),
            (Format::Json, _) => {
                let mut open = String::new();
                super::json::quote(name, &mut open);
                open.push(':');
                (open, String::new())
            }
            (Format::Csv(_) | Format::Xlsx(_) | Format::Hl7, _) => (String::new(), String::new()),
        };
        let mut stem = Self {
            open: open.into(),
            close: close.into(),
            own: None,
            attributes: Vec::new(),
            children: Vec::new(),
            each: None,
            is_kept: false,
            is_list: false,
            step,
        };
        stem.key(format);
        stem
    }

    /// HL7 v2: what writes MSH-18.
    pub(super) fn charset(&mut self) -> Option<&mut Leaf> {
        let head = self.children.iter_mut().find(|segment| segment.name() == "MSH")?;
        let field = head.children.iter_mut().find(|field| field.name() == "18")?;
        field.children.first_mut()?.children.first_mut()?.own.as_mut()
    }

    /// The number that its step is, if it is one.
    pub(super) fn number(&self) -> Option<usize> {
        self.step.name.parse().ok()
    }

    /// The name of its step.
    pub(super) fn name(&self) -> &str {
        &self.step.name
    }

    /// A selector's key is the first thing inside.
    fn key(&mut self, format: Format) {
        let Select::Where { key, is_attribute, value } = &self.step.select else { return };
        let steps = key_steps(key, *is_attribute);
        let (at, text) = (key.clone(), value.clone());
        let what = What::Constant(crate::compile::rule::Constant { text, is_quoted: true });
        let leaf = Leaf {
            what,
            is_required: false,
            with: None,
            fallback: None,
            at,
            on: None,
            writing: None,
            counts: false,
            site: None,
        };
        let mut stem = self;
        for step in &steps {
            stem = stem.child(step, format);
            stem.is_kept = true;
        }
        stem.own = Some(leaf);
    }

    fn grow(&mut self, scope: &Scope, format: Format) {
        for turn in &scope.turns {
            match *turn {
                Turn::Rule(at) if scope.rules[at].writes => {
                    let rule = &scope.rules[at];
                    self.reach(&rule.at.steps, format).own = Some(Leaf::of(rule));
                }
                Turn::Each(at) if scope.each[at].writes => {
                    let inner = &scope.each[at];
                    let Some((last, before)) = inner.at.steps.split_last() else { continue };
                    let mut stem = Self::new(last.clone(), format);
                    stem.each = inner.group;
                    stem.grow(inner, format);
                    self.reach(before, format).children.push(stem);
                }
                _ => {}
            }
        }
    }

    fn reach(&mut self, steps: &[Step], format: Format) -> &mut Self {
        match steps.split_first() {
            None => self,
            Some((first, rest)) => self.child(first, format).reach(rest, format),
        }
    }

    fn child(&mut self, step: &Step, format: Format) -> &mut Self {
        let among = if step.is_attribute { &mut self.attributes } else { &mut self.children };
        let known = among.iter().position(|stem| stem.step == *step && stem.each.is_none());
        let at = known.unwrap_or_else(|| {
            among.push(Self::new(step.clone(), format));
            among.len() - 1
        });
        &mut among[at]
    }

    /// Indexed siblings in the order of their indexes; in JSON, items into their lists.
    fn arrange(&mut self, format: Format) {
        self.sort_indexed();
        match format {
            Format::Json => self.gather(),
            // Segments stand in the order of the rules, what is in them by its number.
            Format::Hl7 => self.children.sort_by_key(Self::number),
            Format::Xml | Format::Csv(_) | Format::Xlsx(_) => {}
        }
        self.attributes.iter_mut().chain(&mut self.children).for_each(|stem| stem.arrange(format));
    }

    fn sort_indexed(&mut self) {
        // Few siblings, and once at compiling: plain exchange.
        for later in 1..self.children.len() {
            for earlier in 0..later {
                let (a, b) = (&self.children[earlier].step, &self.children[later].step);
                let is_after = match (&a.select, &b.select) {
                    (Select::Index(a), Select::Index(b)) => a > b,
                    _ => false,
                };
                if is_after && a.name == b.name {
                    self.children.swap(earlier, later);
                }
            }
        }
    }

    fn gather(&mut self) {
        if self.is_list {
            return;
        }
        let mut gathered: Vec<Self> = Vec::with_capacity(self.children.len());
        for stem in self.children.drain(..) {
            if stem.step.select == Select::Any && stem.each.is_none() {
                gathered.push(stem);
                continue;
            }
            let name = &stem.step.name;
            let list = gathered.iter().position(|known| known.is_list && known.step.name == *name);
            let list = list.unwrap_or_else(|| {
                let step = Step { name: name.clone(), is_attribute: false, select: Select::Any };
                let mut list = Self::new(step, Format::Json);
                list.is_list = true;
                gathered.push(list);
                gathered.len() - 1
            });
            gathered[list].children.push(stem);
        }
        self.children = gathered;
    }
}

impl Leaf {
    fn of(rule: &Rule) -> Self {
        let Rule { what, is_required, with, fallback, at, on, writing, .. } = rule.clone();
        let (at, site) = (at.names().into(), Some(rule.site));
        Self { what, is_required, with, fallback, at, on, writing, counts: true, site }
    }

    /// Tells the listener that it was written, at these bytes.
    pub(super) fn told(&self, at: Range<usize>, is_attribute: bool, trace: &mut impl Write) {
        let Some(site) = self.site else { return };
        let field = match &self.what {
            What::Field { id, .. } => Some(*id),
            _ => None,
        };
        trace.wrote(at, is_attribute, site, field);
    }
}
