//! The explanation: of the same decision, with advice that would help.

mod world;

use std::sync::Arc;

use luotsi_consent::{
    Basis, Directive, Directives, Effect, GivenBy, Instrument, Outcome, Provision, Standing, Step,
    decide, explain,
};
use luotsi_model::{Categories, Category};
use proptest::{collection::vec, prelude::*};
use world::World;

fn worlds() -> impl Strategy<Value = World> {
    vec(any::<u8>(), 0..640).prop_map(|bytes| World::read(&bytes))
}

fn told(world: &World, whose: &str) -> Vec<Step> {
    let (_, steps) = explain(&world.request(), world.directives.as_ref(), &world.policy);
    steps.into_iter().filter(|step| step.clause.starts_with(whose)).collect()
}

/// The world with one more standing directive of its client.
fn with(world: &World, root: Provision, exceptions: Vec<Provision>) -> World {
    let known = world.directives.clone().unwrap_or_default();
    let directive = Directive {
        id: "new".into(),
        version: 1,
        subject: world.subject.clone().unwrap_or_else(|| "nobody".into()),
        standing: Standing::Active,
        given: world.now,
        recorder: "serena".into(),
        instrument: Instrument::Will,
        given_by: GivenBy::Client,
        root,
        exceptions,
    };
    let all = known.all.iter().cloned().chain([Arc::new(directive)]).collect();
    World { directives: Some(Directives { all, ..known }), ..world.clone() }
}

/// That the advice that begins so is given by exactly the rules that it would make let through.
fn check_advice(before: &World, after: &World, advice: &str) -> Result<(), TestCaseError> {
    for (step, helped) in told(before, "rule").iter().zip(&told(after, "rule")) {
        let advised = step.would_permit.as_ref().is_some_and(|would| would.starts_with(advice));
        prop_assert_eq!(advised, !step.met && helped.met, "{:?}", step);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn it_is_of_the_same_decision(world in worlds()) {
        let (decision, _) = explain(&world.request(), world.directives.as_ref(), &world.policy);
        let decided = decide(&world.request(), world.directives.as_ref(), &world.policy);
        prop_assert_eq!(&decision, &decided);
        let rules = told(&world, "rule");
        prop_assert_eq!(rules.iter().any(|s| s.met), decision.outcome == Outcome::Permit);
        let read = world.directives.is_some();
        prop_assert_eq!(rules.len(), if read { world.policy.rules.len() } else { 0 });
    }

    #[test]
    fn a_consent_is_advised_exactly_where_it_helps(world in worlds()) {
        prop_assume!(world.directives.is_some() && world.subject.is_some());
        let consented = with(&world, Provision::everything(Effect::Permit), vec![]);
        check_advice(&world, &consented, "a consent")?;
    }

    #[test]
    fn a_record_of_the_own_register_is_advised_exactly_where_it_helps(world in worlds()) {
        prop_assume!(world.directives.is_some());
        let mut world = world;
        world.policy.rules.retain(|rule| rule.basis == Basis::SameRegister);
        let own = World { controller: world.recipient.controller.clone(), ..world.clone() };
        check_advice(&world, &own, "a record of")?;
    }

    #[test]
    fn a_change_of_directives_is_advised_exactly_where_it_helps(world in worlds()) {
        prop_assume!(world.directives.is_some());
        let mut before = world;
        before.policy.rules.retain(|rule| {
            matches!(rule.basis, Basis::SameRegister | Basis::NoSubject | Basis::Statutory)
        });
        // Protections are not the client's to change here.
        let known = before.directives.clone().unwrap_or_default();
        let kept = known.all.iter().filter(|d| d.instrument.basis().is_none()).cloned();
        let directives = Some(Directives { all: kept.collect(), ..known });
        let after = World { directives, ..before.clone() };
        check_advice(&before, &after, "the client changing")?;
    }
}

/// What a directive is told to say: of one category, either or neither.
#[test]
fn a_directive_tells_what_is_left_after_its_exceptions() {
    let of = |effect, category| Provision {
        categories: Categories::NONE.with(category),
        ..Provision::everything(effect)
    };
    let health = [of(Effect::Permit, Category::Health), of(Effect::Deny, Category::Health)];
    let cases = [
        (of(Effect::Permit, Category::Need), vec![], "consents to need"),
        (of(Effect::Deny, Category::Need), vec![], "prohibits need"),
        (
            of(Effect::Permit, Category::Health),
            health.to_vec(),
            "consents to nothing; prohibits health",
        ),
        (of(Effect::Permit, Category::Need), health.to_vec(), "consents to need; prohibits health"),
        (
            of(Effect::Deny, Category::Need),
            vec![of(Effect::Permit, Category::Plan)],
            "prohibits need; consents to plan",
        ),
    ];
    for (root, exceptions, wanted) in cases {
        let world = with(&World::read(&[]), root, exceptions);
        let said: Vec<_> = told(&world, "directive new").into_iter().map(|s| s.said).collect();
        assert_eq!(said, [wanted]);
    }
}
