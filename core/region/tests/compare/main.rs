//! What a changed region discloses otherwise: cases as data, and that nothing that widens is missed.

#[path = "../support/mod.rs"]
mod support;

mod chosen;
mod laws;
mod reached;

use luotsi_region::{
    Region, Tree,
    compare::{Cause, Effect as Became, Shift, compare, files},
    load,
};
use support::{ADAPTERS, changed};

/// In this file, this text becomes that.
pub(crate) type Edit = (&'static str, &'static str, &'static str);

pub(crate) fn edited(edits: &[Edit]) -> Tree {
    changed(|path, text| {
        let own = edits.iter().filter(|(file, _, _)| *file == path);
        let text = own.fold(text.to_owned(), |text, (file, from, to)| {
            assert!(text.contains(from), "{file} has no {from:?}");
            text.replacen(from, to, 1)
        });
        Some(text.into_bytes())
    })
}

pub(crate) fn region(tree: &Tree) -> Region {
    let loaded = load(tree, ADAPTERS);
    loaded.region.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
}

fn told(mark: char, shift: &Shift) -> String {
    let Shift { recipient, purpose, kind, field, basis, rule, .. } = shift;
    let how = match &shift.cause {
        Cause::Unreached => String::new(),
        Cause::OtherBasis { bases } => format!(", else on {bases:?}"),
        Cause::OtherTerms { differs } => format!(", differs in {differs:?}"),
    };
    format!("{mark} {recipient} {purpose} {kind} {field}: {rule} ({basis}){how}")
}

/// `want`: what widens (`+`), narrows (`-`) and is declared otherwise, in this order.
#[track_caller]
fn check(edits: &[Edit], want: &[&str]) {
    let (old, new) = (region(&edited(&[])), region(&edited(edits)));
    let comparison = compare(&old, &new);
    let mut lines: Vec<_> = comparison.widens.iter().map(|shift| told('+', shift)).collect();
    lines.extend(comparison.narrows.iter().map(|shift| told('-', shift)));
    lines.extend(comparison.changes.iter().map(|change| {
        let details = match change.effect {
            Became::Added => "new".to_owned(),
            Became::Removed => "gone".to_owned(),
            Became::Changed => change.details.join("; "),
        };
        format!("{} {}: {details}", change.noun, change.name)
    }));
    assert_eq!(lines, want);
    let back = compare(&new, &old);
    assert_eq!((back.widens, back.narrows), (comparison.narrows, comparison.widens));
}

const ASKED: &str = "categories = [\"identity\", \"contact\", \"need\", \"administrative\"]";

#[test]
fn a_region_compared_with_itself_is_the_same() {
    check(&[], &[]);
}

#[test]
fn a_category_more_or_less_is_told_by_field_and_rule() {
    check(
        &[("policy.toml", ASKED, "categories = [\"identity\", \"contact\", \"need\"]")],
        &[
            "- club help referral service: asked (consent)",
            "rule asked: categories: - administrative",
        ],
    );
}

#[test]
fn a_mapping_that_writes_more_is_told() {
    check(
        &[(
            "mappings/out/referral.toml",
            "{ at = \"service\"",
            "{ at = \"code\", is = \"client.hetu\" },\n  { at = \"service\"",
        )],
        &[
            "+ club help referral client.hetu: asked (consent)",
            "mapping out/referral: writes: + client.hetu",
        ],
    );
}

#[test]
fn what_no_rule_lets_through_is_no_disclosure() {
    check(
        &[(
            "mappings/records/referral.toml",
            "path = \"goals[].text\"\ntype = \"text\"\ncategory = \"need\"",
            "path = \"goals[].text\"\ntype = \"text\"\ncategory = \"health\"",
        )],
        &["record kind referral: category of goals[].text: need → health"],
    );
}

#[test]
fn routes_that_take_more_messages_widen() {
    let differs = "differs in {Messages}";
    let both = ["client.phone", "service"];
    let widens =
        both.map(|field| format!("+ club help referral {field}: asked (consent), {differs}"));
    check(
        &[("routes.toml", "[\"chat\", \"visit\"]", "[\"chat\", \"visit\", \"walk\"]")],
        &[&widens[0], &widens[1], "route help: when: + service = walk"],
    );
    check(&[("routes.toml", "[\"chat\", \"visit\"]", "[\"visit\", \"chat\"]")], &[]);
}

#[test]
fn one_route_shared_among_two_is_the_same_disclosure() {
    let two = "when = { service = [\"visit\"] }\nto = [{ system = \"club\", purpose = \"help\" }]\n\n\
               [[route]]\nname = \"chat\"\nkind = \"referral\"\nfrom = [\"desk\"]\n\
               when = { service = [\"chat\"] }";
    check(
        &[("routes.toml", "when = { service = [\"chat\", \"visit\"] }", two)],
        &["route chat: new", "route help: when: - service = chat"],
    );
}

#[test]
fn a_flag_over_prohibitions_widens() {
    check(
        &[("policy.toml", "over_prohibition = true", "over_prohibition = false")],
        &[
            "- desk care answer task: own (same-register), differs in {Prohibition}",
            "rule own: over_prohibition: true → false",
        ],
    );
}

#[test]
fn a_basis_of_another_kind_is_told_beside_the_one_there_is() {
    let rule = "[[rule]]\nname = \"free\"\nbasis = \"consent\"\nsorts = [\"public\"]\n\
                categories = [\"administrative\"]\n\n[[rule]]\nname = \"own\"";
    check(
        &[("policy.toml", "[[rule]]\nname = \"own\"", rule)],
        &["+ desk care answer task: free (consent), else on {SameRegister}", "rule free: new"],
    );
}

#[test]
fn what_a_document_needed_and_could_not_have_held_back_the_rest() {
    let (old, new) = (
        region(&edited(&[("policy.toml", ASKED, "categories = [\"administrative\"]")])),
        region(&edited(&[])),
    );
    let widens: Vec<_> = compare(&old, &new).widens.iter().map(|s| told('+', s)).collect();
    assert_eq!(
        widens,
        [
            "+ club help referral client.phone: asked (consent)",
            "+ club help referral service: asked (consent), differs in {Needed}",
        ]
    );
}

#[test]
fn what_the_hub_answers_itself_is_a_disclosure_too() {
    let kind = "\"task-status\"";
    let of = |from: &'static str| {
        let edits: [Edit; 4] = [
            ("mappings/in/answer.toml", "\"answer\"", kind),
            ("mappings/out/answer.toml", "\"answer\"", kind),
            ("routes.toml", "kind = \"answer\"", "kind = \"task-status\""),
            ("routes.toml", "to = [{ answer", from),
        ];
        let record = include_str!("../support/task-status.toml");
        region(&edited(&edits).with("mappings/records/task-status.toml", record))
    };
    let club = of("from = [\"club\"]\nto = [{ answer");
    let both = of("from = [\"club\", \"luotsi\"]\nto = [{ answer");
    let widens: Vec<_> = compare(&club, &both).widens.iter().map(|s| told('+', s)).collect();
    let want = "+ desk care task-status task: own (same-register), differs in {Source}";
    assert_eq!(widens, [want]);
    assert_eq!(compare(&both, &club).widens, []);
}

#[test]
fn settings_and_tokens_are_told_by_name_only() {
    check(
        &[("connections/club.toml", "127.0.0.1:9", "127.0.0.1:8")],
        &["connection club: [settings]: url other than before"],
    );
}

#[test]
fn files_that_differ_in_form_only_say_the_same() {
    let texts = |edits: &[Edit]| load(&edited(edits), ADAPTERS).sources;
    let check = |edits: &[Edit], want: &[&str]| {
        assert_eq!(files(&texts(&[]), &texts(edits)), want, "{edits:?}");
    };
    check(&[("policy.toml", "[[rule]]", "# why\n[[rule]]")], &[]);
    check(&[("policy.toml", "true", "false")], &["policy.toml"]);
    check(&[("mappings/codes/services.csv", ",", ", ")], &["mappings/codes/services.csv"]);
}
