//! A FHIR `Consent` comes in by the same door: accepted as a directive, durable before it is
//! answered, and every waiting send about the client decided anew.

use std::{sync::Arc, time::Instant};

use luotsi_consent::{Directive, GivenBy, Instrument, Provision, Standing};
use luotsi_journal::{
    Accounting,
    command::{DirectiveChange, Effect},
    read::{self, History},
};
use luotsi_mapping::{Fault, Format, Limits};
use luotsi_model::{Code, DirectiveId, Kind, Record, Schema, SystemId, Value, Values};
use luotsi_region::{Intake, Region};
use serde_json::Value as Json;
use uuid::Uuid;

use super::{Incoming, Prepared, Receipt, Refused, digests, directive::KIND, faults, route::Way};
use crate::{
    Flow,
    fhir::{self, Deed, Patient, Told},
    metrics::Stage,
};

/// Which directive a consent replaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConsentWrite {
    /// Its opaque id.
    pub id: Uuid,
    /// The version that its writer read.
    pub replaces: u32,
}

impl Flow {
    /// Takes a FHIR R4 `Consent` in: a new directive, or a new version of one that the same system
    /// recorded.
    ///
    /// # Errors
    /// [`Refused`]; then nothing of it was kept.
    pub async fn accept_consent(
        &self,
        incoming: Incoming<'_>,
        replaces: Option<ConsentWrite>,
    ) -> Result<Receipt, Refused> {
        self.enter(incoming, self.try_accept_consent(incoming, replaces), |_| 1).await
    }

    async fn try_accept_consent(
        &self,
        incoming: Incoming<'_>,
        replaces: Option<ConsentWrite>,
    ) -> Result<Receipt, Refused> {
        // Never closed while the flow lives, so there is always a turn to wait for.
        let _turn = self.intake_turns.acquire().await.ok();
        let _pass = self.pass().await;
        let started = Instant::now();
        let region = self.region();
        let connection = region.connection(incoming.system).ok_or(Refused::NoIntake)?;
        let intake = connection.intake.as_ref().filter(|intake| intake.consents);
        let schema = region.schema(&Kind::new(KIND)).cloned();
        let (intake, schema) = intake.zip(schema).ok_or(Refused::NoConsents)?;
        let told = understand(intake, incoming.body, &region)?;
        self.metrics.took(Stage::Map, started.elapsed());
        let old = match replaces {
            Some(write) => Some((write, self.replaced(incoming.system, write).await?)),
            None => None,
        };
        let prepared = self.consented(&region, &incoming, schema, told, old)?;
        let keyed = incoming.idempotency_key.map(|key| digests(key, incoming.body));
        let receipt = self.commit(&region, prepared, keyed, Way::Routes).await?;
        self.metrics.took(Stage::Accept, started.elapsed());
        Ok(receipt)
    }

    /// Takes back a directive in the name of the system that recorded it, when a person has heard of
    /// it another way. It needs no terms and no version: taking back is as easy as giving, and a
    /// directive that changed meanwhile is meant all the same.
    ///
    /// # Errors
    /// [`Refused`]; then nothing of it was kept.
    pub async fn withdraw_consent(&self, id: Uuid) -> Result<Receipt, Refused> {
        let region = self.region();
        let found = self.journal.read(move |c| read::directive_by_id(c, id)).await?;
        let latest = found.as_ref().and_then(History::latest).ok_or(Refused::UnknownConsent)?;
        let author = found.as_ref().and_then(History::author).ok_or(Refused::UnknownConsent)?;
        let connection = region.connection(author).ok_or(Refused::NoConsents)?;
        let schema = region.schema(&Kind::new(KIND)).cloned().ok_or(Refused::NoConsents)?;
        let incoming = Incoming {
            system: author,
            body: &[],
            idempotency_key: None,
            traceparent: None,
            plan: None,
        };
        let mut record = Record::new(&schema);
        let mut envelope = self.envelope(&region, connection, &schema, &record, &incoming);
        envelope.subject = Some(latest.subject.clone());
        let directive = Directive { standing: Standing::Withdrawn, ..latest.clone() };
        set(&mut record, &schema, &directive);
        let effect = Effect::Directive(DirectiveChange::Withdraw(directive.id));
        let prepared = Prepared::new(envelope, record, schema, Accounting::default());
        self.commit(&region, Prepared { effect, ..prepared }, None, Way::Routes).await
    }

    /// The directive that is to be replaced, as its writer read it.
    async fn replaced(&self, writer: &SystemId, write: ConsentWrite) -> Result<Directive, Refused> {
        let found = self.journal.read(move |c| read::directive_by_id(c, write.id)).await?;
        // Another's looks as if there were none.
        let own = found.filter(|found| found.author() == Some(writer));
        let latest = own.as_ref().and_then(History::latest).ok_or(Refused::UnknownConsent)?;
        // What FHIR has no words for was never shown, and a write would lose what it says.
        fhir::write(latest, write.id).ok_or(Refused::UnknownConsent)?;
        if latest.version != write.replaces {
            return Err(Refused::DirectiveVersion(latest.version));
        }
        Ok(latest.clone())
    }

    fn consented(
        &self,
        region: &Region,
        incoming: &Incoming<'_>,
        schema: Arc<Schema>,
        told: Told,
        old: Option<(ConsentWrite, Directive)>,
    ) -> Result<Prepared, Refused> {
        let connection = region.connection(incoming.system).ok_or(Refused::NoIntake)?;
        let mut record = Record::new(&schema);
        if let Patient::Hetu(hetu) = &told.patient {
            record.set_text(&schema, "client.hetu", hetu.as_str());
        }
        let mut envelope = self.envelope(region, connection, &schema, &record, incoming);
        envelope.subject = Some(match &told.patient {
            Patient::Hetu(hetu) => self.clients.reference(hetu),
            Patient::Client(client) => client.clone(),
        });
        let accounted = told.accounted;
        let reference = told.reference.clone();
        let (directive, replaces) = match old {
            Some((write, old)) => {
                if envelope.subject.as_ref() != Some(&old.subject) {
                    return Err(Refused::UnknownConsent);
                }
                let version = write.replaces;
                (renewed(told, old, write.id, envelope.received)?, Some(version))
            }
            None => (self.new_directive(told, &envelope)?, None),
        };
        let directive = Directive { recorder: envelope.source.clone(), ..directive };
        set(&mut record, &schema, &directive);
        let directive = Box::new(directive);
        let change = match replaces {
            Some(replaces) => DirectiveChange::Replace { directive, replaces },
            None => DirectiveChange::Put(directive),
        };
        let accounting =
            Accounting { mapped: accounted.0, ignored: accounted.1, ..Accounting::default() };
        let effect = Effect::Directive(change);
        Ok(Prepared { envelope, record, schema, effect, accounting, reference })
    }

    fn new_directive(
        &self,
        told: Told,
        envelope: &luotsi_model::Envelope,
    ) -> Result<Directive, Refused> {
        if let Patient::Client(_) = &told.patient {
            let why = "a new consent names its client by the personal identity code";
            return Err(refused("unknown-code", "Consent.patient.identifier.system", why));
        }
        let Deed::Give(terms) = told.deed else {
            let why = "there is nothing to take back yet: PUT to the consent that is withdrawn";
            return Err(refused("not-understood", "Consent.status", why));
        };
        let subject = envelope.subject.clone().ok_or(Refused::NoSubject)?;
        Ok(Directive {
            id: DirectiveId::new(self.entropy.uuid().to_string()),
            version: 1,
            subject,
            standing: Standing::Active,
            given: told.given.unwrap_or(envelope.received),
            recorder: envelope.source.clone(),
            instrument: Instrument::Will,
            given_by: GivenBy::Client,
            root: terms.root,
            exceptions: terms.exceptions,
        })
    }
}

/// The next version of a directive.
fn renewed(
    told: Told,
    old: Directive,
    id: Uuid,
    received: jiff::Timestamp,
) -> Result<Directive, Refused> {
    if told.id.is_none_or(|told| Uuid::parse_str(&told) != Ok(id)) {
        let why = "what is put says by its id which consent it is: the URL's";
        return Err(refused("constant-differs", "Consent.id", why));
    }
    Ok(match told.deed {
        Deed::Withdraw => Directive { standing: Standing::Withdrawn, ..old },
        Deed::Give(terms) => Directive {
            standing: Standing::Active,
            given: told.given.unwrap_or(received),
            root: terms.root,
            exceptions: terms.exceptions,
            ..old
        },
    })
}

fn understand(intake: &Intake, body: &[u8], region: &Region) -> Result<Told, Refused> {
    let limits = Limits { bytes_max: intake.bytes_max, ..Limits::default() };
    // The house's reader first: it refuses what another would settle in silence, as two members of
    // one name.
    luotsi_mapping::read(Format::Json, body, &limits).map_err(Refused::unreadable)?;
    let consent: Json = serde_json::from_slice(body)
        .map_err(|_| refused("wrong-type", "Consent", "this is no JSON that FHIR knows"))?;
    fhir::read(&consent, region, intake.hetu).map_err(Refused::NotUnderstood)
}

fn refused(code: &'static str, at: &str, why: &str) -> Refused {
    let fault = Fault { at: at.to_owned(), field: None, ..faults::field(code, "", why) };
    Refused::NotUnderstood(vec![fault])
}

/// What the record kind has fields for. The whole of it is the directive itself, version by
/// version; the record is what the message shows of it, and what the gate projects when it is read.
pub(crate) fn set(record: &mut Record, schema: &Schema, directive: &Directive) {
    let prohibits = directive.root.effect == luotsi_consent::Effect::Deny;
    let action = match directive.standing {
        Standing::Withdrawn => "withdraw",
        Standing::Active if prohibits => "prohibit",
        Standing::Active => "give",
    };
    record.set_text(schema, "id", directive.id.as_str());
    record.set_text(schema, "action", action);
    if directive.standing == Standing::Withdrawn {
        record.set_text(schema, "withdraws", directive.id.as_str());
    }
    if let Some(given) = schema.find("given") {
        record.values.set(given, Value::Instant(directive.given));
    }
    let Provision { recipients, purposes, services, categories, .. } = &directive.root;
    let code = |text: &str| Value::Code(Code(text.into()));
    let text = |text: &String| Value::Text(text.as_str().into());
    let mut list = |group: &str, member: &str, values: Vec<Value>| {
        let (Some(group), Some(member)) = (schema.find(group), schema.find(member)) else { return };
        let row = |value| {
            let mut row = Values::default();
            row.set(member, value);
            row
        };
        if !values.is_empty() {
            record.values.set(group, Value::Group(values.into_iter().map(row).collect()));
        }
    };
    list("recipients[]", "recipients[].id", recipients.iter().map(text).collect());
    list("purposes[]", "purposes[].code", purposes.iter().map(|p| code(p.as_str())).collect());
    list("services[]", "services[].code", services.iter().map(|s| code(s.as_str())).collect());
    list(
        "categories[]",
        "categories[].code",
        categories.iter().map(|c| code(c.as_str())).collect(),
    );
}
