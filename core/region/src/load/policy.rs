//! `policy.toml`: the law of the gate.

use std::ops::Range;

use luotsi_consent::{Basis, Policy, Rule, Sort};
use luotsi_model::{Categories, Category};

use super::{
    findings::{Findings, Names, Place, Word, choose},
    sources::Sources,
    table::Table,
    words::{BASIS, CATEGORY, SORT, check_distinct},
};

const FILE: &str = "policy.toml";

/// The names a rule may use.
pub(crate) struct Known<'a> {
    pub(crate) purposes: &'a Names,
    pub(crate) kinds: &'a Names,
    pub(crate) systems: &'a Names,
}

/// The policy, when every rule of it is sound.
pub(crate) fn read(
    sources: &mut Sources<'_>,
    known: &Known<'_>,
    findings: &Findings,
) -> Option<Policy> {
    let place = Place { file: FILE, findings };
    let text = sources.text(FILE, findings)?;
    let mut table = Table::document(place, &text)?;
    let tables = table.tables("rule");
    table.finish();
    let rules: Vec<_> = tables.into_iter().map(|table| rule(table, known, place)).collect();
    check_distinct("rule", rules.iter().filter_map(|(name, _)| name.as_ref()), place);
    let rules: Option<Vec<_>> = rules.into_iter().map(|(_, rule)| rule).collect();
    Some(Policy { rules: rules? })
}

/// Its name, and the rule when nothing is wrong with it.
fn rule(mut table: Table<'_>, known: &Known<'_>, place: Place<'_>) -> (Option<Word>, Option<Rule>) {
    let errors = place.findings.errors();
    let name = table.need_word("name");
    let bases = Basis::ALL.map(|basis| (basis.as_str(), basis));
    let basis = table.need_word("basis").and_then(|word| choose(&BASIS, &word, bases, place));
    let sorts = sorts(&table.need_words("sorts"), place);
    let categories = categories(&table.need_words("categories"), place);
    let purposes = known.purposes.all(&table.words("purposes"), place);
    let kinds = known.kinds.all(&table.words("kinds"), place);
    let systems = known.systems.all(&table.words("systems"), place);
    let over_prohibition = table.flag("over_prohibition").filter(|flag| *flag.get_ref());
    let protected_address = table.flag("protected_address").is_some_and(|flag| *flag.get_ref());
    let reasons = table.words("reasons");
    let span = table.span.clone();
    table.finish();
    if let (Some(flag), Some(basis)) = (&over_prohibition, basis) {
        check_over_prohibition(basis, flag.span(), place);
    }
    if let Some(basis) = basis {
        check_reasons(basis, &reasons, span, place);
    }
    let reasons = reasons.into_iter().map(|word| word.into_inner().into_boxed_str()).collect();
    let over_prohibition = over_prohibition.is_some();
    let rule = name.as_ref().zip(basis).map(|(name, basis)| {
        let name = name.get_ref().as_str().into();
        Rule {
            name,
            basis,
            sorts,
            systems,
            purposes,
            kinds,
            categories,
            over_prohibition,
            protected_address,
            reasons,
        }
    });
    (name, rule.filter(|_| place.findings.errors() == errors))
}

fn sorts(words: &[Word], place: Place<'_>) -> Vec<Sort> {
    let choices = Sort::ALL.map(|sort| (sort.as_str(), sort));
    words.iter().filter_map(|word| choose(&SORT, word, choices, place)).collect()
}

fn categories(words: &[Word], place: Place<'_>) -> Categories {
    let choices: Vec<_> = Category::ALL.iter().map(|c| (c.as_str(), *c)).collect();
    words.iter().filter_map(|word| choose(&CATEGORY, word, choices.clone(), place)).collect()
}

fn check_over_prohibition(basis: Basis, span: Range<usize>, place: Place<'_>) {
    if matches!(basis, Basis::Consent | Basis::NoSubject) {
        place.warning(
            "LU232",
            span,
            format!("`over_prohibition` changes nothing on the basis {basis}"),
            "a prohibition is already one of the voices in a consent, and without a subject there \
             is nobody to prohibit",
            "remove it",
        );
    }
}

/// A right in law is exercised for a stated reason: the rule says which reasons those are.
fn check_reasons(basis: Basis, reasons: &[Word], rule: Range<usize>, place: Place<'_>) {
    if basis == Basis::Statutory && reasons.is_empty() {
        let why = "an authority's right by law holds only for a stated reason, and without \
                   `reasons` none would do";
        let mend = "add `reasons`: the codes that a message or a route may state";
        place.error("LU203", rule, "`reasons` is missing", why, mend);
    }
    let Some(first) = reasons.first().filter(|_| basis != Basis::Statutory) else { return };
    let what = format!("`reasons` change nothing on the basis {basis}");
    let why = "only an authority's right by law rests on a stated reason";
    place.warning("LU233", first.span(), what, why, "remove them");
}
