//! Regions, changes of them and directives, chosen at random out of few names.

use std::sync::Arc;

use jiff::Timestamp;
use luotsi_consent::{
    Basis, Directive, Directives, Effect, GivenBy, Instrument, Policy, Provision, Rule, Sort,
    Standing,
};
use luotsi_model::{Categories, Category, ClientRef, DirectiveId, Kind, Purpose, SystemId};
use luotsi_region::{Condition, Destination, Region};
use proptest::{prelude::*, sample::subsequence};

use crate::{Edit, edited, region};

/// The good region with everything about disclosure chosen at random.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) rules: Vec<Rule>,
    services: Vec<&'static str>,
    purpose: &'static str,
    needs_phone: bool,
    shows_code: bool,
}

impl Chosen {
    pub(crate) fn region(&self) -> Region {
        let mut edits: Vec<Edit> = Vec::new();
        let file = "mappings/out/referral.toml";
        if !self.needs_phone {
            edits.push((file, ", required = true", ""));
        }
        if self.shows_code {
            let more = "{ at = \"code\", is = \"client.hetu\" },\n  { at = \"service\"";
            edits.push((file, "{ at = \"service\"", more));
        }
        let mut region = region(&edited(&edits));
        region.policy = Policy { rules: self.rules.clone() };
        let schema = region.schemas[&Kind::new("referral")].clone();
        let help = &mut region.routes[0];
        let field = schema.find("service").expect("a field");
        let values = self.services.iter().map(|service| (*service).into()).collect();
        help.when = vec![Condition::Field { field, values }];
        let (system, purpose) = (SystemId::new("club"), Purpose::new(self.purpose));
        help.to = vec![Destination::System { system, purpose }];
        region
    }
}

fn some<T: Clone + std::fmt::Debug + 'static>(
    of: &'static [T],
) -> impl Strategy<Value = Vec<T>> + use<T> {
    subsequence(of, 0..=of.len())
}

/// Mostly no name, which does not constrain, so that most rules and directives speak of something.
fn few(of: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![3 => Just(Vec::new()), 1 => some(of)]
}

const NAMED: [Category; 4] =
    [Category::Identity, Category::Contact, Category::Need, Category::Administrative];

fn rule() -> impl Strategy<Value = Rule> {
    let sorts = prop_oneof![3 => Just(Sort::ALL.to_vec()), 1 => some(&Sort::ALL)];
    let to_whom = (sorts, few(&["club", "desk"]), few(&["help", "care"]));
    let of_what = (few(&["referral", "answer"]), some(&NAMED), any::<bool>());
    (prop::sample::select(&Basis::ALL[..]), to_whom, of_what).prop_map(|(basis, whom, what)| Rule {
        name: basis.as_str().into(),
        basis,
        sorts: whom.0,
        systems: whom.1.into_iter().map(SystemId::new).collect(),
        purposes: whom.2.into_iter().map(Purpose::new).collect(),
        kinds: what.0.into_iter().map(Kind::new).collect(),
        categories: what.1.into_iter().collect(),
        over_prohibition: what.2,
        protected_address: false,
        reasons: Vec::new(),
    })
}

pub(crate) fn chosen() -> impl Strategy<Value = Chosen> {
    (
        prop::collection::vec(rule(), 0..4),
        some(&["chat", "visit", "walk"]),
        prop::sample::select(&["help", "care"][..]),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(rules, services, purpose, needs_phone, shows_code)| Chosen {
            rules,
            services,
            purpose,
            needs_phone,
            shows_code,
        })
}

/// A region, and the same with a change or two, as an operator would make them.
pub(crate) fn changing() -> impl Strategy<Value = (Chosen, Chosen)> {
    let twists = prop::collection::vec((0..8usize, any::<prop::sample::Index>()), 1..3);
    (chosen(), chosen(), twists).prop_map(|(old, other, twists)| {
        let new =
            twists.into_iter().fold(old.clone(), |new, (what, at)| twist(new, &other, what, at));
        (old, new)
    })
}

fn twist(mut new: Chosen, other: &Chosen, what: usize, at: prop::sample::Index) -> Chosen {
    let count = new.rules.len();
    match (what, other.rules.first(), count) {
        (0, ..) => new.services = other.services.clone(),
        (1, ..) => new.needs_phone = !new.needs_phone,
        (2, ..) => new.shows_code = !new.shows_code,
        (3, ..) => new.purpose = other.purpose,
        (4, Some(rule), _) => new.rules.push(rule.clone()),
        (5, Some(rule), 1..) => new.rules[at.index(count)].categories = rule.categories,
        (6, Some(rule), 1..) => new.rules[at.index(count)].purposes = rule.purposes.clone(),
        (_, _, 1..) => new.rules[at.index(count)].over_prohibition ^= true,
        _ => {}
    }
    new
}

pub(crate) fn directives() -> impl Strategy<Value = Directives> {
    let provision = (any::<bool>(), few(&["club", "desk"]), few(&["help"]), some(&NAMED));
    let directive = provision.prop_map(|(permits, recipients, purposes, categories)| Directive {
        id: DirectiveId::new("D"),
        version: 1,
        subject: ClientRef::new("someone"),
        standing: Standing::Active,
        given: Timestamp::UNIX_EPOCH,
        recorder: SystemId::new("desk"),
        instrument: Instrument::Will,
        given_by: GivenBy::Client,
        root: Provision {
            recipients: recipients.into_iter().map(str::to_owned).collect(),
            purposes: purposes.into_iter().map(Purpose::new).collect(),
            categories: categories.into_iter().collect::<Categories>(),
            ..Provision::everything(if permits { Effect::Permit } else { Effect::Deny })
        },
        exceptions: Vec::new(),
    });
    prop::collection::vec(directive.prop_map(Arc::new), 0..3)
        .prop_map(|all| Directives { epoch: 1, all: all.into() })
}
