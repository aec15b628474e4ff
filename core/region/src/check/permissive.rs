//! The most permissive record there could be of a client: whatever could let a send through stands.
//! And the least permissive one.

use std::sync::Arc;

use jiff::Timestamp;
use luotsi_consent::{
    Attested, Directive, Directives, Effect, GivenBy, Instrument, Period, Person, Provision,
    Recipient, Request, Standing, ToGuardians,
};
use luotsi_model::{ClientRef, DirectiveId, OrganisationId, SystemId};

const MANDATE: &str = "mandate";

/// Everything that a message could attest; the client is a minor who decides herself, so that even
/// a guardian could be let see.
pub(super) const ATTESTED: Attested<'static> = Attested {
    document: None,
    reason: None,
    mandate: Some(MANDATE),
    relationship: true,
    age: Some(15),
};

/// Every document that could let this send through.
pub(super) fn directives(request: &Request<'_>, client: &ClientRef) -> Directives {
    let documents = instruments(request).into_iter();
    let all = documents.map(|(id, instrument)| Arc::new(document(id, instrument, client)));
    Directives { epoch: 0, all: all.collect() }
}

fn instruments(request: &Request<'_>) -> Vec<(&'static str, Instrument)> {
    let Recipient { organisation, controller, sector, .. } = request.recipient;
    let mut all = vec![
        ("consent", Instrument::Will),
        (MANDATE, Instrument::Mandate { delegate: "delegate".into(), evidence: "seen".into() }),
        ("emergency", Instrument::Emergency { person: Person::new("-"), reason: "-".into() }),
        ("minor", Instrument::Minor { to_guardians: ToGuardians::Allowed, custody_split: false }),
    ];
    all.extend(sector.map(|sector| {
        let informed = Some(Timestamp::MIN);
        let permission = Instrument::DisclosurePermission { sector, informed, relationship: true };
        ("permission", permission)
    }));
    all.extend(between(request.controller, organisation));
    if let Some(source) = request.source {
        all.extend(between(controller, &source.organisation));
    }
    all
}

fn between(
    organiser: &OrganisationId,
    producer: &OrganisationId,
) -> [(&'static str, Instrument); 2] {
    let (organiser, producer) = (organiser.clone(), producer.clone());
    let bought = Instrument::PurchasedService {
        agreement: "-".into(),
        organiser: organiser.clone(),
        producer: producer.clone(),
        see: true,
        store: true,
    };
    [("agreement", bought), ("voucher", Instrument::Voucher { organiser, producer })]
}

/// Nothing, and that to nobody.
pub(super) fn prohibition(client: &ClientRef) -> Directives {
    let root = Provision::everything(Effect::Deny);
    let all = [Arc::new(Directive { root, ..document("prohibition", Instrument::Will, client) })];
    Directives { epoch: 0, all: all.into() }
}

fn document(id: &str, instrument: Instrument, client: &ClientRef) -> Directive {
    let forever = Period { start: None, end: Some(Timestamp::MAX) };
    Directive {
        id: DirectiveId::new(id),
        version: 1,
        subject: client.clone(),
        standing: Standing::Active,
        given: Timestamp::UNIX_EPOCH,
        recorder: SystemId::hub(),
        instrument,
        given_by: GivenBy::Client,
        root: Provision { period: forever, ..Provision::everything(Effect::Permit) },
        exceptions: Vec::new(),
    }
}
