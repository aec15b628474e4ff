//! Policy rules.

use luotsi_consent::Rule;

use super::{Change, between, hidden, sets, values};
use crate::Region;

pub(super) fn changes(old: &Region, new: &Region) -> Vec<Change> {
    between("rule", by_name(old), by_name(new), details)
}

fn by_name(region: &Region) -> impl Iterator<Item = (String, &Rule)> {
    region.policy.rules.iter().map(|rule| (rule.name.to_string(), rule))
}

fn details(old: &Rule, new: &Rule) -> Vec<String> {
    let parts = [
        values("basis", &old.basis, &new.basis),
        sets("sorts", &old.sorts, &new.sorts),
        sets("systems", or_any(&old.systems), or_any(&new.systems)),
        sets("purposes", or_any(&old.purposes), or_any(&new.purposes)),
        sets("kinds", or_any(&old.kinds), or_any(&new.kinds)),
        sets("categories", old.categories.iter(), new.categories.iter()),
        values("over_prohibition", &old.over_prohibition, &new.over_prohibition),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if parts.is_empty() { hidden("its terms", old, new).into_iter().collect() } else { parts }
}

/// An empty list does not constrain.
fn or_any<T: ToString>(names: &[T]) -> Vec<String> {
    if names.is_empty() { vec!["any".into()] } else { names.iter().map(T::to_string).collect() }
}
