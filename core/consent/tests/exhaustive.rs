//! The decision against the oracle over every world of a small sort: two categories, two
//! recipients, two purposes, up to two directives with up to one exception each.
//!
//! The names of a pair are interchangeable, so one request stands for all four; the directives
//! name each recipient, purpose and category, or none.

mod naive;

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use luotsi_consent::{
    Attested, Basis, Directive, Directives, Effect, GivenBy, Instrument, Policy, Provision,
    Recipient, Request, Rule, Sort, Standing, decide,
};
use luotsi_model::{Category, ClientRef, Kind, OrganisationId, Purpose};
use naive::{Told, Verdict};

const TWO: [Category; 2] = [Category::Need, Category::Health];

struct Asked {
    client: ClientRef,
    controller: OrganisationId,
    recipient: Recipient,
    purpose: Purpose,
    kind: Kind,
}

static ASKED: LazyLock<Asked> = LazyLock::new(|| Asked {
    client: "client".into(),
    controller: "county".into(),
    recipient: Recipient {
        system: "here".into(),
        organisation: "unit".into(),
        controller: "county".into(),
        sort: Sort::Public,
        sector: None,
    },
    purpose: "care".into(),
    kind: "referral".into(),
});

fn request() -> Request<'static> {
    Request {
        subject: Some(&ASKED.client),
        controller: &ASKED.controller,
        source: None,
        recipient: &ASKED.recipient,
        purpose: &ASKED.purpose,
        kind: &ASKED.kind,
        service: None,
        attested: Attested::default(),
        now: Timestamp::UNIX_EPOCH,
    }
}

fn provisions() -> Vec<Provision> {
    let mut all = Vec::new();
    for effect in [Effect::Permit, Effect::Deny] {
        for recipients in [vec![], vec!["here".to_owned()], vec!["there".to_owned()]] {
            for purposes in [vec![], vec!["care".into()], vec!["peer-support".into()]] {
                for categories in [vec![], vec![TWO[0]], vec![TWO[1]]] {
                    all.push(Provision {
                        recipients: recipients.clone(),
                        purposes: purposes.clone(),
                        categories: categories.into_iter().collect(),
                        ..Provision::everything(effect)
                    });
                }
            }
        }
    }
    all
}

fn directives() -> Vec<Arc<Directive>> {
    let provisions = provisions();
    let exceptions = || std::iter::once(None).chain(provisions.iter().map(Some));
    let pairs = provisions.iter().flat_map(|root| exceptions().map(move |e| (root, e)));
    let directive = |(root, exception): (&Provision, Option<&Provision>)| Directive {
        id: "D".into(),
        version: 1,
        subject: ASKED.client.clone(),
        standing: Standing::Active,
        given: Timestamp::UNIX_EPOCH,
        recorder: "here".into(),
        instrument: Instrument::Will,
        given_by: GivenBy::Client,
        root: root.clone(),
        exceptions: exception.cloned().into_iter().collect(),
    };
    pairs.map(|pair| Arc::new(directive(pair))).collect()
}

/// Both categories on consent; one on consent beside the other on a basis of its own.
fn policies() -> [Policy; 2] {
    let rule = |basis, categories: &[Category]| Rule {
        name: "rule".into(),
        basis,
        sorts: vec![Sort::Public],
        systems: vec![],
        purposes: vec![],
        kinds: vec![],
        categories: categories.iter().copied().collect(),
        over_prohibition: false,
        protected_address: false,
        reasons: vec![],
    };
    let of = |rules| Policy { rules };
    [
        of(vec![rule(Basis::Consent, &TWO)]),
        of(vec![rule(Basis::Consent, &TWO[..1]), rule(Basis::SameRegister, &TWO[1..])]),
    ]
}

/// The oracle's word on one directive, found once for its part in thousands of pairs.
struct Heard {
    directive: Arc<Directive>,
    verdicts: [Verdict; 2],
    elsewhere: Verdict,
    prohibition: bool,
}

fn heard(directive: Arc<Directive>) -> Heard {
    let say = |category| naive::verdict(&directive, &request(), category, &[]);
    let (verdicts, elsewhere) = (TWO.map(say), say(Category::Plan));
    let prohibition = naive::is_prohibition(&directive, &request());
    Heard { directive, verdicts, elsewhere, prohibition }
}

fn check(together: &[&Heard], policies: &[Policy]) {
    let all = together.iter().map(|heard| heard.directive.clone()).collect();
    let directives = Directives { epoch: 1, all };
    let join = |of: &dyn Fn(&Heard) -> Verdict| naive::combine(together.iter().map(|h| of(h)));
    let verdicts = [join(&|h| h.verdicts[0]), join(&|h| h.verdicts[1]), join(&|h| h.elsewhere)];
    let say = |c| verdicts[TWO.iter().position(|known| *known == c).unwrap_or(2)];
    let told = Told { prohibition: together.iter().any(|h| h.prohibition), withdrawn: false };
    for policy in policies {
        let wanted = naive::conclude(&request(), policy, &say, told, &[]);
        let got = decide(&request(), Some(&directives), policy);
        assert_eq!((got.permitted, got.outcome), wanted, "{directives:#?}\n{policy:#?}");
    }
}

/// None, or one directive, standing or withdrawn: judged afresh, without what was found before.
fn check_alone(directive: Option<Directive>, policies: &[Policy]) {
    let directives = Directives { epoch: 1, all: directive.into_iter().map(Arc::new).collect() };
    for policy in policies {
        let wanted = naive::judge(&request(), Some(&directives), policy);
        let got = decide(&request(), Some(&directives), policy);
        assert_eq!((got.permitted, got.outcome), wanted, "{directives:#?}\n{policy:#?}");
    }
}

#[test]
fn every_small_world_is_decided_as_the_oracle_does() {
    let policies = policies();
    let heard: Vec<Heard> = directives().into_iter().map(heard).collect();
    assert_eq!(heard.len(), 54 * 55);
    check_alone(None, &policies);
    for (at, first) in heard.iter().enumerate() {
        for standing in [Standing::Active, Standing::Withdrawn] {
            check_alone(Some(Directive { standing, ..(*first.directive).clone() }), &policies);
        }
        for second in &heard[at..] {
            check(&[first, second], &policies);
        }
    }
}

#[test]
fn the_small_worlds_tell_the_verdicts_apart() {
    let seen: Vec<Verdict> = directives().into_iter().map(|d| heard(d).verdicts[0]).collect();
    for verdict in [Verdict::Silent, Verdict::Permit, Verdict::Forbid, Verdict::Deny] {
        assert!(seen.contains(&verdict), "no directive says {verdict:?}");
    }
}
