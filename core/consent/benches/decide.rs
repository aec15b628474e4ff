//! How long the gate takes: one decision, its explanation, one projection.

use std::sync::Arc;

use divan::Bencher;
use jiff::Timestamp;
use luotsi_consent::{
    Attested, Basis, Directive, Directives, Effect, GivenBy, Instrument, Period, Permit, Policy,
    Provision, Recipient, Request, Rule, Sort, Standing, decide, explain, permit,
};
use luotsi_model::{
    Categories, Category, ClientRef, DirectiveId, Field, FieldId, Kind, OrganisationId, Purpose,
    Record, Schema, Type, Value, schema::Title,
};

fn main() {
    divan::main();
}

/// A client with a count of directives, all in force, of which all but a prohibition speak to the
/// recipient: the dearest case, for nothing is passed over early.
struct Case {
    client: ClientRef,
    controller: OrganisationId,
    recipient: Recipient,
    purpose: Purpose,
    kind: Kind,
    policy: Policy,
    directives: Directives,
}

impl Case {
    fn with(count: usize) -> Self {
        Self {
            client: "client".into(),
            controller: "county".into(),
            recipient: Recipient {
                system: "malli-ry".into(),
                organisation: "malli-ry".into(),
                controller: "malli-ry".into(),
                sort: Sort::ThirdSector,
                sector: None,
            },
            purpose: "peer-support".into(),
            kind: "referral".into(),
            policy: policy(),
            directives: Directives { epoch: 1, all: (0..count).map(directive).collect() },
        }
    }

    fn request(&self) -> Request<'_> {
        Request {
            subject: Some(&self.client),
            controller: &self.controller,
            source: None,
            recipient: &self.recipient,
            purpose: &self.purpose,
            kind: &self.kind,
            service: None,
            attested: Attested::default(),
            now: Timestamp::constant(50, 0),
        }
    }

    fn permit(&self) -> Permit {
        permit(&self.request(), Some(&self.directives), &self.policy).expect("consent is given")
    }
}

fn policy() -> Policy {
    let rule = |name: &str, basis, sorts: &[Sort]| Rule {
        name: name.into(),
        basis,
        sorts: sorts.to_vec(),
        systems: vec![],
        purposes: vec!["care".into(), "peer-support".into()],
        kinds: vec!["assessment".into(), "referral".into()],
        categories: Categories::ALL,
        over_prohibition: false,
        protected_address: false,
        reasons: vec![],
    };
    let rules = vec![
        rule("own register", Basis::SameRegister, &[Sort::Public]),
        rule("advice", Basis::NoSubject, &Sort::ALL),
        rule("by consent", Basis::Consent, &Sort::ALL),
        rule("by consent, third sector", Basis::Consent, &[Sort::ThirdSector]),
    ];
    Policy { rules }
}

fn directive(number: usize) -> Arc<Directive> {
    let named = |recipients: &[&str], effect| Provision {
        period: Period { start: Some(Timestamp::constant(10, 0)), end: None },
        recipients: recipients.iter().map(ToString::to_string).collect(),
        purposes: vec!["care".into(), "peer-support".into()],
        ..Provision::everything(effect)
    };
    let health = Categories::NONE.with(Category::Health);
    let (recipients, effect): (&[&str], _) = match number % 5 {
        4 => (&["parish", "private-oy"], Effect::Deny),
        _ => (&["parish", "serena", "malli-ry"], Effect::Permit),
    };
    Arc::new(Directive {
        id: DirectiveId::new(format!("S-{number}")),
        version: 1,
        subject: "client".into(),
        standing: Standing::Active,
        given: Timestamp::constant(10, 0),
        recorder: "serena".into(),
        instrument: Instrument::Will,
        given_by: GivenBy::Client,
        root: named(recipients, effect),
        exceptions: vec![Provision { categories: health, ..named(&["malli-ry"], Effect::Deny) }],
    })
}

fn schema(fields: u16) -> Schema {
    let mut schema = Schema::new("referral".into());
    for number in 0..fields {
        schema.add(Field {
            path: format!("field-{number}"),
            holds: Type::Text,
            category: Category::ALL[usize::from(number) % Category::ALL.len()],
            required: false,
            group: None,
            key: false,
            codes: None,
            fhir: None,
            title: Title::default(),
        });
    }
    schema
}

fn record(schema: &Schema) -> Record {
    let mut record = Record::new(schema);
    let ids: Vec<FieldId> = schema.fields().map(|(id, _)| id).collect();
    for id in ids {
        record.values.set(id, Value::Text("a line of some forty characters of text".into()));
    }
    record
}

#[divan::bench(args = [0, 1, 20, 200])]
fn decision(bencher: Bencher<'_, '_>, directives: usize) {
    let case = Case::with(directives);
    bencher.bench(|| decide(&case.request(), Some(&case.directives), &case.policy));
}

#[divan::bench(args = [20])]
fn explanation(bencher: Bencher<'_, '_>, directives: usize) {
    let case = Case::with(directives);
    bencher.bench(|| explain(&case.request(), Some(&case.directives), &case.policy));
}

#[divan::bench(args = [20])]
fn projection(bencher: Bencher<'_, '_>, fields: u16) {
    let (case, schema) = (Case::with(1), schema(fields));
    let record = record(&schema);
    bencher.with_inputs(|| case.permit()).bench_values(|permit| permit.project(&record, &schema));
}
