//! The decision against the oracle over every small world of every sort of document: each document
//! by itself with all that its sort asks for, held and missing, and the plain ones of each sort two
//! by two.

mod naive;

use std::{
    sync::{Arc, LazyLock},
    thread,
};

use jiff::{SignedDuration, Timestamp};
use luotsi_consent::{
    Attested, Basis, Directive, Directives, Effect, GivenBy, Instrument, Period, Person, Policy,
    Provision, Recipient, Request, Rule, Sector, Sort, Standing, ToGuardians, decide,
};
use luotsi_model::{Category, ClientRef, Kind, OrganisationId, Purpose};

const NOW: Timestamp = Timestamp::constant(50, 0);
const TWO: [Category; 2] = [Category::Need, Category::Contact];

struct Names {
    client: ClientRef,
    county: OrganisationId,
    purpose: Purpose,
    kind: Kind,
    county_unit: Recipient,
    producer: Recipient,
    guardians: Recipient,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let party = |name: &str, controller: &str, sort| Recipient {
        system: name.into(),
        organisation: name.into(),
        controller: controller.into(),
        sort,
        sector: Some(Sector::Social),
    };
    Names {
        client: "client".into(),
        county: "county".into(),
        purpose: "care".into(),
        kind: "referral".into(),
        county_unit: party("unit", "county", Sort::Public),
        producer: party("producer", "producer", Sort::Private),
        guardians: party("guardians", "guardians", Sort::Guardian),
    }
});

fn yes_and_no<T>(of: impl Fn(bool) -> T) -> [T; 2] {
    [of(true), of(false)]
}

/// What is asked: who gets it, where it came from, and all that may be attested.
fn requests() -> Vec<Request<'static>> {
    let names = &*NAMES;
    let mut all = Vec::new();
    for recipient in [&names.county_unit, &names.producer, &names.guardians] {
        for source in [None, Some(&names.producer)] {
            for age in [None, Some(8), Some(15), Some(40)] {
                for attested in [(None, false), (Some("D-1"), false), (None, true)] {
                    let (mandate, relationship) = attested;
                    let attested = Attested { mandate, relationship, age, ..Attested::default() };
                    all.push(Request {
                        subject: Some(&names.client),
                        controller: &names.county,
                        source,
                        recipient,
                        purpose: &names.purpose,
                        kind: &names.kind,
                        service: None,
                        attested,
                        now: NOW,
                    });
                }
            }
        }
    }
    all
}

/// Every sort, with all that it may have and lack.
fn instruments() -> Vec<Instrument> {
    let mut all = vec![Instrument::Will, Instrument::ProtectedAddress];
    let second = SignedDuration::from_secs(1);
    for sector in Sector::ALL {
        for informed in [None, Some(NOW), Some(NOW + second)] {
            all.extend(yes_and_no(|relationship| Instrument::DisclosurePermission {
                sector,
                informed,
                relationship,
            }));
        }
    }
    for organiser in ["county", "other"] {
        for producer in ["producer", "other"] {
            let (organiser, producer): (OrganisationId, OrganisationId) =
                (organiser.into(), producer.into());
            for (see, store) in [(true, true), (true, false), (false, true), (false, false)] {
                let (organiser, producer) = (organiser.clone(), producer.clone());
                let agreement = "A-1".into();
                all.push(Instrument::PurchasedService {
                    agreement,
                    organiser,
                    producer,
                    see,
                    store,
                });
            }
            all.push(Instrument::Voucher { organiser, producer });
        }
    }
    all.push(Instrument::Mandate { delegate: "delegate".into(), evidence: "V-1".into() });
    all.push(Instrument::Emergency { person: Person::new("Olli Ohjaaja"), reason: "R".into() });
    for code in ["1", "2", "3", "4"] {
        let to_guardians = ToGuardians::of_code(code).expect("one of the four");
        all.extend(yes_and_no(|custody_split| Instrument::Minor { to_guardians, custody_split }));
    }
    all
}

fn document(id: &str, instrument: Instrument, root: Provision) -> Directive {
    Directive {
        id: id.into(),
        version: 1,
        subject: NAMES.client.clone(),
        standing: Standing::Active,
        given: Timestamp::UNIX_EPOCH,
        recorder: "unit".into(),
        instrument,
        given_by: GivenBy::Client,
        root,
        exceptions: vec![],
    }
}

fn givers() -> [GivenBy; 3] {
    [GivenBy::Client, GivenBy::Guardian, GivenBy::Delegate { mandate: "D-1".into() }]
}

/// Permits and denials: of all and of one category, open, over at this very moment and at the next;
/// and to one recipient only.
fn provisions() -> Vec<Provision> {
    let next = Some(NOW + SignedDuration::from_nanos(1));
    let mut all = Vec::new();
    for plain in [Effect::Permit, Effect::Deny].map(Provision::everything) {
        for categories in [&[][..], &TWO[..1], &TWO[1..]] {
            let categories = categories.iter().copied().collect();
            let until = |end| Period { start: None, end };
            all.extend([None, Some(NOW), next].map(until).map(|period| Provision {
                period,
                categories,
                ..plain.clone()
            }));
        }
        let (recipients, period) = (vec!["producer".to_owned()], Period { start: None, end: next });
        all.push(Provision { recipients, period, ..plain });
    }
    all
}

/// Each document by itself.
fn alone() -> Vec<Vec<Arc<Directive>>> {
    let mut all = vec![vec![]];
    for instrument in instruments() {
        for root in provisions() {
            for given_by in givers() {
                for standing in [Standing::Active, Standing::Withdrawn] {
                    let plain = document("D-1", instrument.clone(), root.clone());
                    let given_by = given_by.clone();
                    all.push(vec![Arc::new(Directive { given_by, standing, ..plain })]);
                }
            }
        }
    }
    all
}

/// Two together: of every sort, to permit or to deny all or one category; the second given by
/// whomever.
fn in_pairs() -> Vec<Vec<Arc<Directive>>> {
    // One of the two categories stands for the other, and an end is needed by emergencies only.
    let is_plain = |root: &&Provision| {
        root.recipients.is_empty()
            && root.period.end.is_some_and(|end| end > NOW)
            && root.categories != TWO[1..].iter().copied().collect()
    };
    let roots = provisions();
    let roots: Vec<_> = roots.iter().filter(is_plain).collect();
    let holds = |instrument: &Instrument| match instrument {
        Instrument::DisclosurePermission { sector, informed, relationship } => {
            *sector == Sector::Social && *informed == Some(NOW) && *relationship
        }
        Instrument::PurchasedService { organiser, producer, see, store, .. } => {
            organiser.as_str() == "county" && producer.as_str() == "producer" && *see && *store
        }
        Instrument::Voucher { organiser, producer } => {
            organiser.as_str() == "county" && producer.as_str() == "producer"
        }
        _ => true,
    };
    let of = |id: &str, givers: &[GivenBy]| -> Vec<Arc<Directive>> {
        let mut all = Vec::new();
        for instrument in instruments().into_iter().filter(holds) {
            for root in &roots {
                for given_by in givers.iter().cloned() {
                    let plain = document(id, instrument.clone(), (*root).clone());
                    all.push(Arc::new(Directive { given_by, ..plain }));
                }
            }
        }
        all
    };
    let (first, second) = (of("D-1", &[GivenBy::Client]), of("D-2", &givers()));
    let pairs = first.iter().flat_map(|one| second.iter().map(move |other| (one, other)));
    pairs.map(|(one, other)| vec![one.clone(), other.clone()]).collect()
}

/// Every basis that a document can be the ground of; and what stands without one, over prohibitions
/// and for the entitled.
fn policies() -> [Policy; 2] {
    let rule = |basis| Rule {
        name: "rule".into(),
        basis,
        sorts: Sort::ALL.to_vec(),
        systems: vec![],
        purposes: vec![],
        kinds: vec![],
        categories: TWO.into_iter().collect(),
        over_prohibition: false,
        protected_address: false,
        reasons: vec![],
    };
    let on_documents = [
        Basis::Consent,
        Basis::DisclosurePermission,
        Basis::PurchasedService,
        Basis::Voucher,
        Basis::Mandate,
        Basis::Emergency,
    ];
    let register = Rule { over_prohibition: true, ..rule(Basis::SameRegister) };
    let entitled = Rule { protected_address: true, ..rule(Basis::Mandate) };
    [
        Policy { rules: on_documents.map(rule).to_vec() },
        Policy { rules: vec![register, entitled, rule(Basis::Consent)] },
    ]
}

/// Judges every world for every request; gives how many there were.
fn check(worlds: &[Vec<Arc<Directive>>], requests: &[Request<'static>]) -> usize {
    let policies = policies();
    let judge = |worlds: &[Vec<Arc<Directive>>]| {
        for all in worlds {
            let directives = Directives { epoch: 1, all: all.clone().into() };
            for request in requests {
                for policy in &policies {
                    let wanted = naive::judge(request, Some(&directives), policy);
                    let got = decide(request, Some(&directives), policy);
                    let got = (got.permitted, got.outcome);
                    assert_eq!(got, wanted, "{request:#?}\n{directives:#?}\n{policy:#?}");
                }
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for share in worlds.chunks(worlds.len().div_ceil(workers)) {
            scope.spawn(|| judge(share));
        }
    });
    worlds.len() * requests.len() * policies.len()
}

#[test]
fn each_document_of_each_sort_is_decided_as_the_oracle_does() {
    let judged = check(&alone(), &requests());
    println!("{judged} decisions");
    assert!(judged > 500_000, "{judged}");
}

#[test]
fn every_two_sorts_together_are_decided_as_the_oracle_does() {
    let judged = check(&in_pairs(), &requests());
    println!("{judged} decisions");
    assert!(judged > 1_000_000, "{judged}");
}
