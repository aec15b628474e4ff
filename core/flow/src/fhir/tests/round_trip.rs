//! What is written reads back as the same directive.

use jiff::Timestamp;
use luotsi_consent::{Directive, Effect, GivenBy, Instrument, Period, Provision, Standing};
use luotsi_model::{Categories, Category};
use proptest::{collection::vec, option, prelude::*, sample::subsequence};
use uuid::Uuid;

use super::{REGION, bare, told};
use crate::fhir::{Deed, Patient, provision::Terms, write};

/// Moments that FHIR can say: any nanosecond of some centuries, often a whole second or midnight.
fn moments() -> impl Strategy<Value = Timestamp> {
    (-2_000_000_000_i64..8_000_000_000, 0..1_000_000_000_i32, 0..3_u8).prop_map(
        |(s, nanos, how)| {
            let day = s.div_euclid(86_400) * 86_400 - 7_200;
            match how {
                0 => Timestamp::new(s, 0),
                1 => Timestamp::new(day, 0),
                _ => Timestamp::new(s, if s < 0 { -nanos } else { nanos }),
            }
            .expect("within the calendar")
        },
    )
}

fn periods() -> impl Strategy<Value = Period> {
    (option::of(moments()), option::of(moments())).prop_map(|(one, other)| match (one, other) {
        (Some(a), Some(b)) if a > b => Period { start: Some(b), end: Some(a) },
        (Some(a), Some(b)) if a == b => Period { start: Some(a), end: None },
        (start, end) => Period { start, end },
    })
}

fn provisions() -> impl Strategy<Value = Provision> {
    let effect = prop_oneof![Just(Effect::Permit), Just(Effect::Deny)];
    let recipients = subsequence(vec!["malli-ry", "mallikunta", "serena", "home-care"], 0..=4);
    let purposes = subsequence(REGION.purposes.clone(), 0..=REGION.purposes.len());
    let kinds: Vec<_> = REGION.schemas.keys().cloned().collect();
    let services = subsequence(REGION.service_tasks.clone(), 0..=REGION.service_tasks.len());
    let categories = subsequence(Category::ALL.to_vec(), 0..=Category::ALL.len());
    let lists = (recipients, purposes, subsequence(kinds, 0..=3), services, categories);
    (effect, periods(), lists).prop_map(|(effect, period, lists)| {
        let (recipients, purposes, kinds, services, categories) = lists;
        let named: Categories = categories.into_iter().collect();
        // The hub makes no permit that names categories without the administrative.
        let alone = effect == Effect::Deny || named.is_empty();
        Provision {
            period,
            recipients: recipients.into_iter().map(str::to_owned).collect(),
            purposes,
            kinds,
            services,
            categories: if alone { named } else { named.with(Category::Administrative) },
            ..Provision::everything(effect)
        }
    })
}

proptest! {
    #[test]
    fn a_directive_written_and_read_is_the_same_directive(
        root in provisions(),
        exceptions in vec(provisions(), 0..3),
        given in moments(),
        withdrawn in any::<bool>(),
    ) {
        let standing = if withdrawn { Standing::Withdrawn } else { Standing::Active };
        let directive = Directive { standing, given, root, exceptions, ..bare() };
        let id = Uuid::from_u128(7);
        let written = write(&directive, id).expect("FHIR has words for it");
        prop_assert_eq!(&written["meta"]["versionId"], "3");
        prop_assert_eq!(&written["identifier"][0]["value"], "S-1");
        let found = told(&written).expect("understood");
        prop_assert_eq!(found.id, Some(id.to_string()));
        prop_assert_eq!(found.patient, Patient::Client(directive.subject.clone()));
        prop_assert_eq!(found.given, Some(directive.given));
        let terms = Terms { root: directive.root, exceptions: directive.exceptions };
        let deed = if withdrawn { Deed::Withdraw } else { Deed::Give(terms) };
        prop_assert_eq!(found.deed, deed);
    }
}

/// Read back, any of these would be the client's own consent, or a wider one.
#[test]
fn what_fhir_has_no_words_for_is_not_written() {
    let permit = || Provision::everything(Effect::Permit);
    let of_document = Provision { documents: vec!["L-1".into()], ..permit() };
    let others = [
        Directive { instrument: Instrument::ProtectedAddress, ..bare() },
        Directive { given_by: GivenBy::Guardian, ..bare() },
        Directive { root: of_document.clone(), ..bare() },
        Directive { exceptions: vec![of_document], ..bare() },
    ];
    assert!(write(&bare(), Uuid::nil()).is_some());
    for other in others {
        assert_eq!(write(&other, Uuid::nil()), None, "{other:?}");
    }
}
