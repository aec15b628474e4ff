//! The laws of the decision, over small worlds.

mod world;

use std::sync::Arc;

use luotsi_consent::{
    Attested, Basis, Decision, Directive, Directives, Effect, GivenBy, Instrument, Lack, Outcome,
    Period, Policy, Provision, Reason, Recipient, Sort, Standing, ToGuardians, decide,
};
use luotsi_model::{Categories, Category};
use proptest::{collection::vec, prelude::*, sample::Index};
use world::World;

fn worlds() -> impl Strategy<Value = World> {
    vec(any::<u8>(), 0..640).prop_map(|bytes| World::read(&bytes))
}

fn decided(world: &World) -> Decision {
    decide(&world.request(), world.directives.as_ref(), &world.policy)
}

/// What may go and what comes of it; who is named as the ground may depend on order.
fn gist(world: &World) -> (Categories, Outcome) {
    let Decision { permitted, outcome, .. } = decided(world);
    (permitted, outcome)
}

fn provisions(directive: &mut Directive) -> impl Iterator<Item = &mut Provision> {
    std::iter::once(&mut directive.root).chain(&mut directive.exceptions)
}

fn union(sets: impl Iterator<Item = Categories>) -> Categories {
    sets.fold(Categories::NONE, Categories::union)
}

fn widened(narrow: &World, wide: &World) -> Categories {
    decided(narrow).permitted.difference(decided(wide).permitted)
}

/// The world with its client's directives changed.
fn with(world: &World, change: impl FnOnce(&mut Vec<Directive>)) -> World {
    let known = world.directives.clone().unwrap_or_default();
    let mut all = known.all.iter().map(|d| (**d).clone()).collect();
    change(&mut all);
    let all = all.into_iter().map(Arc::new).collect();
    World { directives: Some(Directives { epoch: known.epoch, all }), ..world.clone() }
}

fn directive_of(world: &World, root: Provision) -> Directive {
    Directive {
        id: "new".into(),
        version: 1,
        subject: world.subject.clone().unwrap_or_else(|| "nobody".into()),
        standing: Standing::Active,
        given: world.now,
        recorder: "serena".into(),
        instrument: Instrument::Will,
        given_by: GivenBy::Client,
        root,
        exceptions: vec![],
    }
}

const CONTACT: Categories = Categories::NONE.with(Category::Contact);

/// The world in which the client gave everything herself: what somebody else gave is silent
/// without a power, and then forbids no more than it permits.
fn by_the_client(world: &World) -> World {
    with(world, |all| all.iter_mut().for_each(|d| d.given_by = GivenBy::Client))
}

/// Adds one constraint, or tightens the one there is: on the data that a provision speaks of.
fn narrow_data(provision: &mut Provision, how: usize, world: &World) {
    match how % 3 {
        0 => keep_some(&mut provision.kinds, world.kind.clone()),
        1 => keep_some(&mut provision.services, "families".into()),
        _ => {
            let all = if provision.categories.is_empty() {
                Categories::ALL
            } else {
                provision.categories
            };
            // None would mean all.
            provision.categories = all.iter().take(1).collect();
        }
    }
}

/// The same on the sends it speaks to.
fn narrow_reach(provision: &mut Provision, how: usize, world: &World) {
    match how % 4 {
        0 => keep_some(&mut provision.recipients, "serena".to_owned()),
        1 => keep_some(&mut provision.purposes, world.purpose.clone()),
        2 => {
            provision.period.end =
                Some(provision.period.end.map_or(world.now, |e| e.min(world.now)));
        }
        _ => {
            provision.period.start =
                Some(provision.period.start.map_or(world.now, |s| s.max(world.now)));
        }
    }
}

fn keep_some<T>(values: &mut Vec<T>, or: T) {
    if values.is_empty() {
        values.push(or);
    } else {
        values.truncate(1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_goes_by_default(world in worlds()) {
        let silent = World { policy: Policy::default(), ..world.clone() };
        prop_assert_eq!(decided(&silent).permitted, Categories::NONE);
        let unread = World { directives: None, ..world.clone() };
        prop_assert_eq!(gist(&unread), (Categories::NONE, Outcome::Deny(Reason::Undecidable)));
        let listed = union(world.policy.rules.iter().map(|rule| rule.categories));
        prop_assert!(decided(&world).permitted.difference(listed).is_empty());
        let mut consent_only = with(&world, Vec::clear);
        consent_only.policy.rules.retain(|rule| rule.basis == Basis::Consent);
        prop_assert!(decided(&consent_only).permitted.is_empty());
    }

    #[test]
    fn a_permit_is_an_outcome_with_categories_each_on_a_ground(world in worlds()) {
        let decision = decided(&world);
        prop_assert_eq!(decision.outcome == Outcome::Permit, !decision.permitted.is_empty());
        let grounded = union(decision.grounds.iter().map(|ground| ground.categories));
        prop_assert_eq!(grounded, decision.permitted);
        for ground in &decision.grounds {
            prop_assert!(!ground.categories.is_empty());
            let rests_on = ground.directive.is_some();
            prop_assert!(ground.basis != Basis::Consent || rests_on);
            prop_assert_eq!(ground.basis == Basis::Statutory, ground.reason.is_some());
        }
    }

    #[test]
    fn a_prohibition_goes_over_everything_but_what_the_policy_puts_over_it(
        world in worlds(),
        over in vec(any::<Index>(), 1..4),
    ) {
        let named: Categories = over.iter().map(|at| *at.get(Category::ALL)).collect();
        let root = Provision { categories: named, ..Provision::everything(Effect::Deny) };
        let denied = with(&world, |all| all.push(directive_of(&world, root)));
        prop_assume!(world.directives.is_some() && world.subject.is_some());
        prop_assert!(widened(&denied, &world).is_empty());
        let mut minding = denied.clone();
        minding.policy.rules.retain(|rule| !rule.over_prohibition);
        prop_assert!(decided(&minding).permitted.intersection(named).is_empty());
        let elsewhere = decided(&world).permitted.difference(named);
        prop_assert_eq!(decided(&denied).permitted.difference(named), elsewhere);
    }

    #[test]
    fn order_and_repetition_change_nothing(
        world in worlds(), by in any::<Index>(), again in any::<Index>(),
    ) {
        prop_assume!(world.directives.is_some());
        let mut turned = with(&world, |all| {
            if !all.is_empty() {
                let by = by.index(all.len());
                all.rotate_left(by);
                all.push(again.get(all).clone());
                all.swap(0, by);
            }
        });
        turned.policy.rules.reverse();
        turned.policy.rules.extend(world.policy.rules.first().cloned());
        prop_assert_eq!(gist(&turned), gist(&world));
    }

    #[test]
    fn a_permit_over_less_data_never_lets_more_through(
        world in worlds(), which in any::<Index>(), how in any::<usize>(),
    ) {
        prop_assume!(world.directives.is_some());
        let world = by_the_client(&world);
        let narrow = with(&world, |all| {
            let all = all.iter_mut().flat_map(provisions);
            let mut permits: Vec<_> = all.filter(|p| p.effect == Effect::Permit).collect();
            if !permits.is_empty() {
                let at = which.index(permits.len());
                narrow_data(permits[at], how, &world);
            }
        });
        prop_assert!(widened(&narrow, &world).is_empty());
    }

    #[test]
    fn a_permitting_exception_to_fewer_never_lets_more_through(
        world in worlds(), which in any::<Index>(), how in any::<usize>(),
    ) {
        prop_assume!(world.directives.is_some());
        let world = by_the_client(&world);
        let narrow = with(&world, |all| {
            let exceptions = all.iter_mut().flat_map(|d| &mut d.exceptions);
            let mut permits: Vec<_> = exceptions.filter(|p| p.effect == Effect::Permit).collect();
            if !permits.is_empty() {
                let at = which.index(permits.len());
                narrow_reach(permits[at], how, &world);
            }
        });
        prop_assert!(widened(&narrow, &world).is_empty());
    }

    /// Of one consent by itself only: a consent that ceases to speak to a recipient ceases to
    /// forbid, too, what another consent permits to it.
    #[test]
    fn a_lone_consent_to_fewer_never_lets_more_through(world in worlds(), how in any::<usize>()) {
        let mut lone = with(&world, |all| all.truncate(1));
        lone.policy.rules.retain(|rule| rule.basis == Basis::Consent);
        let narrow = with(&lone, |all| all.iter_mut()
            .filter(|d| d.root.effect == Effect::Permit)
            .for_each(|d| narrow_reach(&mut d.root, how, &world)));
        prop_assert!(widened(&narrow, &lone).is_empty());
    }

    /// A missing attribute is a denial.
    #[test]
    fn what_is_not_attested_never_lets_more_through(world in worlds()) {
        prop_assume!(world.directives.is_some());
        let world = by_the_client(&world);
        let less = |change: &dyn Fn(&mut World)| {
            let mut less = world.clone();
            change(&mut less);
            widened(&less, &world)
        };
        prop_assert!(less(&|w| w.source = None).is_empty());
        prop_assert!(less(&|w| w.recipient.sector = None).is_empty());
        prop_assert!(less(&|w| w.attested.document = None).is_empty());
        prop_assert!(less(&|w| w.attested.reason = None).is_empty());
        prop_assert!(less(&|w| w.attested.mandate = None).is_empty());
        prop_assert!(less(&|w| w.attested.relationship = false).is_empty());
        prop_assert!(less(&|w| w.attested.age = None).is_empty());
    }

    #[test]
    fn a_protected_address_goes_to_the_entitled_only(world in worlds()) {
        prop_assume!(world.directives.is_some() && world.subject.is_some());
        let world = by_the_client(&world);
        let protection = Directive {
            instrument: Instrument::ProtectedAddress,
            ..directive_of(&world, Provision::everything(Effect::Deny))
        };
        let protected = with(&world, |all| all.push(protection));
        prop_assert!(widened(&protected, &world).is_empty());
        let mut others = protected.clone();
        others.policy.rules.retain(|rule| !rule.protected_address);
        prop_assert!(!decided(&others).permitted.contains(Category::Contact));
        if world.recipient.sort != Sort::Guardian {
            let rest = |w: &World| decided(w).permitted.difference(CONTACT);
            prop_assert_eq!(rest(&protected), rest(&world));
        }
    }

    #[test]
    fn what_a_minor_denies_no_guardian_gets(world in worlds(), unknown in any::<bool>()) {
        prop_assume!(world.directives.is_some() && world.subject.is_some());
        let recipient = Recipient { sort: Sort::Guardian, ..world.recipient.clone() };
        let world = World { recipient, ..world };
        let to_guardians = if unknown { ToGuardians::Unknown } else { ToGuardians::Denied };
        let says = Instrument::Minor { to_guardians, custody_split: false };
        let denying = Directive {
            instrument: says,
            ..directive_of(&world, Provision::everything(Effect::Deny))
        };
        prop_assert!(decided(&with(&world, |all| all.push(denying))).permitted.is_empty());
    }

    /// Whoever acts beyond her power lets nothing through.
    #[test]
    fn what_is_given_without_power_is_as_if_it_had_never_been(
        world in worlds(), root in Just(Provision::everything(Effect::Permit)),
    ) {
        prop_assume!(world.directives.is_some());
        let adult = World { attested: Attested { age: Some(18), ..world.attested }, ..world };
        for given_by in [
            GivenBy::Guardian,
            GivenBy::Delegate { mandate: "no such mandate".into() },
        ] {
            let given = Directive { given_by, ..directive_of(&adult, root.clone()) };
            let after = with(&adult, |all| all.push(given));
            prop_assert_eq!(gist(&after), gist(&with(&adult, |_| ())));
        }
    }

    #[test]
    fn another_clients_directive_never_counts(world in worlds(), other in worlds()) {
        prop_assume!(world.directives.is_some());
        let foreign = with(&world, |all| {
            let theirs = other.directives.iter().flat_map(|d| d.all.iter());
            all.extend(theirs.map(|d| Directive { subject: "client-z".into(), ..(**d).clone() }));
        });
        prop_assert_eq!(decided(&foreign), decided(&world));
    }

    #[test]
    fn what_is_withdrawn_or_over_is_as_if_it_had_never_been(
        world in worlds(), which in any::<Index>(),
    ) {
        let at = |all: &[Directive]| which.index(all.len().max(1));
        let change = |how: &dyn Fn(&mut Directive)| with(&world, |all| {
            let at = at(all);
            all.get_mut(at).into_iter().for_each(how);
        });
        let gone = with(&world, |all| {
            let at = at(all);
            all.drain(at..all.len().min(at + 1));
        });
        let withdrawn = change(&|d| d.standing = Standing::Withdrawn);
        prop_assert_eq!(decided(&withdrawn).permitted, decided(&gone).permitted);
        let outcomes = (gist(&withdrawn).1, gist(&gone).1);
        prop_assert!(!matches!(outcomes, (Outcome::Wait(_), Outcome::Deny(_))));
        let past = Period { start: None, end: Some(jiff::Timestamp::MIN) };
        let over = change(&|d| d.root.period = past);
        prop_assert_eq!(decided(&over).permitted, decided(&gone).permitted);
    }

    #[test]
    fn a_consent_taken_back_is_no_reason_to_wait(world in worlds()) {
        let consent = directive_of(&world, Provision::everything(Effect::Permit));
        let back = Directive { standing: Standing::Withdrawn, ..consent };
        let after = with(&world, |all| all.push(back));
        prop_assert!(gist(&after).1 != Outcome::Wait(Lack::Consent) || world.subject.is_none());
        prop_assert_eq!(decided(&after).permitted, decided(&with(&world, |_| ())).permitted);
    }
}

/// Two consents to one recipient narrow each other, as the facts combine them: what either leaves
/// out, it forbids. Recorded here because it surprises, so that a change of it is meant.
#[test]
fn two_consents_over_different_data_forbid_each_other() {
    let world = World::read(&[]);
    let over = |category| {
        let categories = Categories::NONE.with(category);
        directive_of(&world, Provision { categories, ..Provision::everything(Effect::Permit) })
    };
    let one = with(&world, |all| all.push(over(Category::Need)));
    assert_eq!(decided(&one).permitted, Categories::NONE.with(Category::Need));
    let both = with(&one, |all| all.push(over(Category::Health)));
    assert_eq!(gist(&both), (Categories::NONE, Outcome::Deny(Reason::NotCovered)));
}
