//! Nothing that widens is missed, and taking away widens nothing.

use luotsi_model::{Kind, Purpose, SystemId};
use luotsi_region::compare::compare;
use proptest::prelude::*;

use crate::{
    chosen::{changing, chosen, directives},
    reached::{MESSAGES, reached},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever some message gets to somebody under the new region and not under the old one is
    /// told to widen.
    #[test]
    fn nothing_that_widens_is_missed(
        (old, new) in changing(),
        clients in prop::collection::vec(directives(), 12),
    ) {
        let (old, new) = (old.region(), new.region());
        let widens = compare(&old, &new).widens;
        let told = |(recipient, purpose, kind, field): &(SystemId, Purpose, Kind, String)| {
            widens.iter().any(|shift| {
                (&shift.recipient, &shift.purpose, &shift.kind) == (recipient, purpose, kind)
                    && shift.field == *field
            })
        };
        for directives in &clients {
            for message in &MESSAGES {
                let before = reached(&old, message, directives);
                let after = reached(&new, message, directives);
                for one in after.difference(&before) {
                    prop_assert!(told(one), "{one:?} is not among {widens:#?}");
                }
            }
        }
    }

    /// Taking a rule away widens nothing; nor does a comparison with itself.
    #[test]
    fn taking_away_never_widens(old in chosen(), at in any::<prop::sample::Index>()) {
        let mut fewer = old.clone();
        if !fewer.rules.is_empty() {
            fewer.rules.remove(at.index(old.rules.len()));
        }
        let comparison = compare(&old.region(), &fewer.region());
        prop_assert!(comparison.widens.is_empty(), "{:#?}", comparison.widens);
        let own = compare(&old.region(), &old.region());
        prop_assert!(own.widens.is_empty() && own.narrows.is_empty() && own.changes.is_empty());
    }
}
