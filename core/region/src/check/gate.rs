//! What the gate could ever let through, asked of the gate itself.
//!
//! For every send a route or a read can make, the real decision is taken over an imagined client
//! for whom every document stands that could let it through, and over no client; in the register of
//! each controller the record can belong to, from each system it can come from, and for each reason
//! it can state. What is denied even then is denied always.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use jiff::Timestamp;
use luotsi_consent::{Attested, Decision, Outcome, Policy, Reason, Recipient, Request, decide};
use luotsi_mapping::Mapping;
use luotsi_model::{Categories, ClientRef, FieldId, Kind, OrganisationId, Purpose, Schema};

use super::{Send, View, permissive};
use crate::{
    Condition,
    load::{
        connections,
        findings::{Findings, Place},
    },
};

/// The field by which a record states a reason in law.
const REASON: &str = "grounds.reason";

pub(super) fn check(send: &Send<'_>, view: &View<'_>, place: Place<'_>) {
    let Some(policy) = &view.draft.policy else { return };
    if let Some(question) = of_send(send, view) {
        question.check(policy, send.at.clone(), place);
    }
}

/// What may ever go by a send.
pub(super) fn of_send<'q>(send: &'q Send<'_>, view: &'q View<'_>) -> Option<Question<'q>> {
    let kind = &send.route.route.kind;
    let schema = view.draft.packs.schemas.get(kind)?;
    let owners = send.owners.iter().map(|owner| &owner.connection.recipient.controller);
    let owners: BTreeSet<_> = owners.filter(|_| view.is_whole).collect();
    let connection = &send.recipient.connection;
    let delivery = connection.delivery.as_ref();
    Some(Question {
        recipient: &connection.recipient,
        purpose: send.purpose,
        kind,
        owners: if owners.is_empty() {
            view.draft.frame.controllers.keys().collect()
        } else {
            owners
        },
        sources: sources(&view.sources(send.route)),
        reason: send.route.route.reason.as_deref(),
        subjects: subjects(schema, &send.route.route.when),
        mapping: delivery.and_then(|delivery| delivery.by_kind.get(kind)),
        schema,
    })
}

/// Reads go through the gate as deliveries do.
pub(super) fn check_reads(view: &View<'_>, findings: &Findings) {
    let Some(policy) = &view.draft.policy else { return };
    for (question, span, file) in of_reads(view) {
        question.check(policy, span, Place { file, findings });
    }
}

/// What may ever be read, each with its place in its file.
pub(super) fn of_reads<'q>(view: &'q View<'_>) -> Vec<(Question<'q>, Range<usize>, &'q str)> {
    let mut reads = Vec::new();
    for drafted in view.systems.values() {
        let connection = &drafted.connection;
        let Some(read) = &connection.read else { continue };
        for (kind, mapping) in &read.by_kind {
            let span = drafted.read_at.get(kind).cloned().unwrap_or(0..0);
            let question = Question {
                recipient: &connection.recipient,
                purpose: &read.purpose,
                kind,
                owners: view.draft.frame.controllers.keys().collect(),
                sources: sources(&view.systems.values().copied().collect::<Vec<_>>()),
                reason: None,
                subjects: subjects(mapping.schema(), &[]),
                mapping: Some(mapping),
                schema: mapping.schema(),
            };
            reads.push((question, span, connection.file.as_str()));
        }
    }
    reads
}

fn sources<'q>(systems: &[&'q connections::Drafted]) -> Vec<&'q Recipient> {
    systems.iter().map(|system| &system.connection.recipient).collect()
}

/// Whether the record may name a client, and whether it may name none.
fn subjects(schema: &Schema, when: &[Condition]) -> Vec<bool> {
    let says = |known| when.contains(&Condition::Subject { known });
    // The client of an answer is the client of what it answers, if that had one.
    let is_answer = schema.task.is_some();
    let can_name = is_answer || schema.subject.is_some();
    let must_name = !is_answer && schema.subject.is_some_and(|field| schema.field(field).required);
    let mut subjects = Vec::new();
    subjects.extend((can_name && !says(false)).then_some(true));
    subjects.extend((!must_name && !says(true)).then_some(false));
    subjects
}

/// What may ever go to a recipient.
pub(super) struct Question<'q> {
    pub(super) recipient: &'q Recipient,
    pub(super) purpose: &'q Purpose,
    kind: &'q Kind,
    owners: BTreeSet<&'q OrganisationId>,
    /// Whose systems it can come from.
    sources: Vec<&'q Recipient>,
    /// The reason that its route states.
    reason: Option<&'q str>,
    subjects: Vec<bool>,
    mapping: Option<&'q Arc<Mapping>>,
    schema: &'q Schema,
}

impl Question<'_> {
    fn check(&self, policy: &Policy, span: Range<usize>, place: Place<'_>) {
        let decisions = self.decisions(policy);
        let permitted =
            decisions.iter().fold(Categories::NONE, |all, decision| all.union(decision.permitted));
        if permitted.is_empty() {
            return self.denied(&decisions, span, place);
        }
        let needed = self.mapping.map(|mapping| mapping.fields_required_out()).unwrap_or_default();
        let lacking = |field: &FieldId| !permitted.contains(self.schema.field(*field).category);
        needed.into_iter().filter(lacking).for_each(|field| self.withheld(field, &span, place));
    }

    pub(super) fn decisions(&self, policy: &Policy) -> Vec<Decision> {
        let client = ClientRef::new("anyone");
        let sources: Vec<_> = if self.sources.is_empty() {
            vec![None]
        } else {
            self.sources.iter().copied().map(Some).collect()
        };
        let mut decisions = Vec::new();
        for controller in &self.owners {
            for known in &self.subjects {
                for source in &sources {
                    for reason in self.reasons(policy) {
                        let request = Request {
                            subject: known.then_some(&client),
                            controller,
                            source: *source,
                            recipient: self.recipient,
                            purpose: self.purpose,
                            kind: self.kind,
                            service: None,
                            attested: Attested { reason, ..permissive::ATTESTED },
                            now: Timestamp::UNIX_EPOCH,
                        };
                        let directives = permissive::directives(&request, &client);
                        decisions.push(decide(&request, Some(&directives), policy));
                    }
                }
            }
        }
        decisions
    }

    /// A message states a reason only where its kind has the field; a route states its own.
    fn reasons<'p>(&'p self, policy: &'p Policy) -> Vec<Option<&'p str>> {
        let stated = self.schema.find(REASON).is_some();
        let known = policy.rules.iter().filter(|_| stated).flat_map(|rule| &rule.reasons);
        known.map(|reason| Some(&**reason)).chain([self.reason]).collect()
    }

    fn denied(&self, decisions: &[Decision], span: Range<usize>, place: Place<'_>) {
        let Recipient { system, sort, .. } = self.recipient;
        let (purpose, kind) = (self.purpose, self.kind);
        let unaddressed =
            decisions.iter().all(|decision| decision.outcome == Outcome::Deny(Reason::NoRule));
        let why = if unaddressed {
            format!("no rule of policy.toml speaks of `{kind}` to {sort} recipients for {purpose}")
        } else {
            format!(
                "the rules that speak of it rest on bases that cannot hold here: {system}'s \
                     register is not the record's, it is in no sector or in another, no reason is \
                     stated, or the record names no client (or always does)"
            )
        };
        let what = format!("nothing of a `{kind}` can ever go to `{system}` for {purpose}");
        let mend = "add a rule to policy.toml, or take this recipient out";
        place.error("LU231", span, what, why, mend);
    }

    fn withheld(&self, field: FieldId, span: &Range<usize>, place: Place<'_>) {
        let system = &self.recipient.system;
        let field = self.schema.field(field);
        let (path, category) = (&field.path, field.category);
        let mapping = self.mapping.map_or("", |mapping| mapping.name());
        place.warning(
            "LU230",
            span.clone(),
            format!("`{path}` ({category}) can never go to `{system}`, and its mapping needs it"),
            format!(
                "no rule of policy.toml lets {category} through to `{system}` for {} and `{}`, \
                 and {mapping} requires the field: no delivery would ever come about",
                self.purpose, self.kind
            ),
            format!("let {category} through, or make the field optional in {mapping}"),
        );
    }
}
