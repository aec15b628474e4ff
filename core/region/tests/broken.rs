//! What is found in broken regions: everything at once, each in its place.

mod support;

use luotsi_model::{Diagnostic, diagnostic::line_column};
use luotsi_region::{Loaded, Tree, load};
use proptest::prelude::*;
use support::{ADAPTERS, GOOD, changed};

/// A change to the good region.
#[derive(Clone, Copy)]
enum Edit {
    /// In this file, this text becomes that.
    Change(&'static str, &'static str, &'static str),
    /// This file ends in this, too.
    Append(&'static str, &'static str),
    /// This file is there, too.
    Add(&'static str, &'static str),
    /// This file is not there.
    Remove(&'static str),
}
use Edit::{Add, Append, Change, Remove};

fn edited(edits: &[Edit]) -> Tree {
    let change = |path: &str, text: &str| {
        let mut text = text.to_owned();
        for edit in edits {
            match edit {
                Change(file, from, to) if *file == path => {
                    assert!(text.contains(from), "{file} has no {from:?}");
                    text = text.replacen(from, to, 1);
                }
                Append(file, more) if *file == path => text.push_str(more),
                Remove(file) if *file == path => return None,
                _ => {}
            }
        }
        Some(text.into_bytes())
    };
    edits.iter().fold(changed(change), |tree, edit| match edit {
        Add(file, text) => tree.with(file, *text),
        _ => tree,
    })
}

const READ: &str =
    "[read]\npurpose = \"help\"\nkinds = [\"referral\"]\nmappings = [\"out/referral\"]\n";

/// `want`: code, file and line (0: the whole file) of every finding, in the order of files.
#[track_caller]
fn check(edits: &[Edit], want: &[(&str, &str, usize)]) {
    let loaded = load(&edited(edits), ADAPTERS);
    let place = |finding: &Diagnostic| {
        let text = loaded.sources.get(&finding.file).map_or("", String::as_str);
        let line = finding.span.as_ref().map_or(0, |span| line_column(text, span.start).0);
        (finding.code.to_owned(), finding.file.clone(), line)
    };
    let found: Vec<_> = loaded.diagnostics.iter().map(place).collect();
    let want: Vec<_> =
        want.iter().map(|(c, f, l)| ((*c).to_owned(), (*f).to_owned(), *l)).collect();
    assert_eq!(found, want, "{:#?}", loaded.diagnostics);
    check_told(&loaded);
}

fn check_told(loaded: &Loaded) {
    for finding in &loaded.diagnostics {
        let told = [&finding.what, &finding.why, &finding.mend];
        assert!(told.iter().all(|text| !text.is_empty()), "{finding:?}");
    }
    let is_refused = loaded.diagnostics.iter().any(|d| d.severity == luotsi_model::Severity::Error);
    assert_eq!(loaded.region.is_none(), is_refused, "{:#?}", loaded.diagnostics);
}

const REGION: &str = "region.toml";
const ROUTES: &str = "routes.toml";
const POLICY: &str = "policy.toml";
const DESK: &str = "connections/desk.toml";
const CLUB: &str = "connections/club.toml";

#[test]
fn the_good_region_is_good() {
    check(&[], &[]);
}

#[test]
fn files_that_cannot_be_read() {
    check(&[Remove(POLICY)], &[("LU200", POLICY, 0)]);
    // Names that the missing file would have declared are no findings of their own.
    check(&[Remove(REGION)], &[("LU200", REGION, 0)]);
    // So with a folder of mappings that is not there.
    check(
        &[Change(REGION, "languages", "mappings = \"mapings\"\nlanguages")],
        &[("LU200", REGION, 0)],
    );
    check(&[Change(ROUTES, "from = [", "from = ")], &[("LU201", ROUTES, 4)]);
    let latin = changed(|path, text| {
        let bytes = text.as_bytes().to_vec();
        Some(if path == POLICY { [b"# ok\n# \xe4\n".to_vec(), bytes].concat() } else { bytes })
    });
    let found = load(&latin, ADAPTERS).diagnostics;
    assert_eq!(
        found.iter().map(|d| (d.code, d.span.clone())).collect::<Vec<_>>(),
        [("LU201", Some(7..8))]
    );
}

#[test]
fn keys_and_values() {
    check(
        &[
            Change(REGION, "languages", "langauges"),
            Change(REGION, "name = \"town\"", "name = \"Town hall\""),
            Change(REGION, "controller = \"town\"", "controller = \"Town hall\""),
            Change(POLICY, "sorts = [\"public\"]", "sorts = \"public\""),
            Change(POLICY, "over_prohibition = true", "over_prohibition = 1"),
            Append(
                POLICY,
                "[[rule]]\nname = \"own\"\nbasis = \"consent\"\nsorts = []\ncategories = [\"need\"]\n",
            ),
            Append(
                DESK,
                "concurrency_max = 0\nretry = { factor = 0.5, first_ms = 9, each_max_ms = 8 }\n",
            ),
            Change(ROUTES, "to = [{ answer", "wait = \"2 moons\"\nto = [{ answer"),
        ],
        &[
            ("LU204", DESK, 11),
            ("LU204", DESK, 12),
            ("LU204", DESK, 12),
            ("LU204", POLICY, 11),
            ("LU204", POLICY, 13),
            ("LU205", POLICY, 22),
            ("LU204", POLICY, 24),
            ("LU203", REGION, 1),
            ("LU202", REGION, 2),
            ("LU206", REGION, 7),
            ("LU204", ROUTES, 11),
        ],
    );
}

#[test]
fn names_that_stand_for_nothing() {
    check(
        &[
            Change(REGION, "controller = \"club\"", "controller = \"clubs\""),
            Change(REGION, "sort = \"public\"", "sort = \"publik\""),
            Change(REGION, "[\"fi\"]", "[\"fr\"]"),
            Change(DESK, "\"serena\"", "\"serenade\""),
            Change(DESK, "\"desk\"", "\"dsek\""),
            Change(DESK, "\"json\"", "\"pdf\""),
            Change(DESK, "\"in/referral\"", "\"in/refferal\""),
            Change(DESK, "[delivery]", "unmapped = \"drop\"\nhetu = \"loose\"\n[delivery]"),
            Change(ROUTES, "kind = \"answer\"", "kind = \"anser\""),
            Change(ROUTES, "\"desk\"", "\"desc\""),
            Change(ROUTES, "service =", "servce ="),
            Change(ROUTES, "purpose = \"help\"", "purpose = \"halp\""),
            Change(POLICY, "\"same-register\"", "\"same-registry\""),
            Change(POLICY, "\"contact\", ", "\"contacts\", "),
            Append(POLICY, "systems = [\"clib\"]\n"),
        ],
        &[
            ("LU210", DESK, 1),
            ("LU211", DESK, 2),
            ("LU217", DESK, 6),
            ("LU215", DESK, 7),
            ("LU217", DESK, 9),
            ("LU217", DESK, 10),
            ("LU217", POLICY, 10),
            ("LU216", POLICY, 20),
            ("LU213", POLICY, 21),
            ("LU217", REGION, 2),
            ("LU217", REGION, 15),
            ("LU211", REGION, 19),
            ("LU213", ROUTES, 4),
            ("LU218", ROUTES, 5),
            ("LU212", ROUTES, 6),
            ("LU214", ROUTES, 10),
        ],
    );
}

#[test]
fn the_nearest_name_is_offered() {
    let loaded = load(&edited(&[Change(DESK, "in/referral", "in/refferal")]), ADAPTERS);
    assert_eq!(loaded.diagnostics[0].mend, "write `in/referral`");
}

#[test]
fn conditions() {
    check(
        &[Change(
            ROUTES,
            "{ service = [\"chat\", \"visit\"] }",
            "{ service = [\"chatt\"], sent = [\"x\"], \"goals[].text\" = [\"x\"], \"client.phone\" = [] }",
        )],
        &[
            ("LU244", ROUTES, 5),
            ("LU219", ROUTES, 5),
            ("LU219", ROUTES, 5),
            ("LU204", ROUTES, 5),
            ("LU219", ROUTES, 5),
        ],
    );
    check(
        &[Change(ROUTES, "{ service", "{ \"$subject\" = [\"none\", \"known\"], service")],
        &[("LU204", ROUTES, 5)],
    );
}

#[test]
fn mappings_that_do_not_fit_their_place() {
    check(&[Change(DESK, "\"in/referral\"", "\"out/referral\"")], &[("LU222", DESK, 7)]);
    check(
        &[Change(CLUB, "\"out/referral\"", "\"in/referral\", \"out/referral\"")],
        &[("LU222", CLUB, 10), ("LU221", CLUB, 10)],
    );
    check(&[Change(DESK, "\"json\"", "\"xml\"")], &[("LU225", DESK, 7)]);
    let read = "[read]\npurpose = \"care\"\nkinds = [\"referral\"]\nmappings = [\"out/answer\"]\n";
    check(&[Append(DESK, read)], &[("LU220", DESK, 13)]);
    let consents = "format = \"json\"\nconsents = true";
    check(&[Change(DESK, "format = \"json\"", consents)], &[("LU214", DESK, 7)]);
}

#[test]
fn what_a_broken_file_leads_to_is_not_found_again() {
    check(
        &[Change("mappings/out/referral.toml", "client.phone", "client.fone")],
        &[("LU103", "mappings/out/referral.toml", 6)],
    );
    check(
        &[Change("mappings/records/answer.toml", "\"text\"", "\"txt\"")],
        &[
            ("LU127", "mappings/records/answer.toml", 2),
            ("LU124", "mappings/records/answer.toml", 6),
        ],
    );
}

#[test]
fn tokens() {
    let short = Change(DESK, "0001\"]", "01\", \"\"]");
    check(&[short], &[("LU223", DESK, 5), ("LU204", DESK, 5)]);
    check(&[Change(DESK, "0001\"]", "0002\"]")], &[("LU228", DESK, 5)]);
    let reader = "adapter = \"fhir\"\norganisation = \"desk\"\n[read]\npurpose = \"care\"\n\
                  kinds = [\"answer\"]\nmappings = [\"out/answer\"]\n";
    check(&[Add("connections/log.toml", reader)], &[("LU226", "connections/log.toml", 3)]);
}

/// What is shown of a wrong hash must not be the token that somebody may have put there.
#[test]
fn a_token_in_the_place_of_its_hash_is_not_shown() {
    let loaded = load(&edited(&[Change(DESK, "[\"0", "[\"hush-hush")]), ADAPTERS);
    let [finding] = &loaded.diagnostics[..] else { panic!("{:#?}", loaded.diagnostics) };
    assert!(!format!("{finding:?}").contains("hush"), "{finding:?}");
}

#[test]
fn routes_without_a_way() {
    check(
        &[Change(CLUB, "\"out/referral\"", "\"out/answer\"")],
        &[("LU240", CLUB, 10), ("LU220", ROUTES, 6)],
    );
    check(
        &[Change(CLUB, "[delivery]\nmappings = [\"out/referral\", \"out/recall\"]\n", "")],
        &[("LU224", ROUTES, 6), ("LU234", ROUTES, 6)],
    );
    check(
        &[Change(DESK, "[delivery]\nmappings = [\"out/answer\"]\n", "")],
        &[("LU224", ROUTES, 11)],
    );
    check(
        &[Change(ROUTES, "{ answer = true, purpose = \"care\" }", "{ purpose = \"care\" }")],
        &[("LU204", ROUTES, 11)],
    );
    check(&[Change(ROUTES, "{ system = \"club\",", "{ answer = true,")], &[("LU219", ROUTES, 6)]);
}

#[test]
fn sends_that_the_gate_would_never_let_through() {
    // No rule speaks of it.
    check(
        &[Change(POLICY, "purposes = [\"help\"]", "purposes = [\"care\"]")],
        &[("LU231", ROUTES, 6)],
    );
    // A rule does, but the answer is not of the club's own register.
    check(
        &[
            Change(POLICY, "[\"third-sector\"]\npurposes", "[\"private\"]\npurposes"),
            Change(POLICY, "sorts = [\"public\"]", "sorts = [\"public\", \"third-sector\"]"),
        ],
        &[("LU231", ROUTES, 6)],
    );
    // A rule does, but a referral always names a client.
    check(&[Change(POLICY, "\"consent\"", "\"no-subject\"")], &[("LU231", ROUTES, 6)]);
    // Something may go, but not what the mapping cannot do without.
    check(&[Change(POLICY, "\"contact\", ", "")], &[("LU230", ROUTES, 6)]);
    check(&[Append(DESK, READ)], &[("LU230", DESK, 14)]);
    check(&[Append(POLICY, "over_prohibition = true\n")], &[("LU232", POLICY, 21)]);
    check(&[Append(POLICY, "reasons = [\"fire\"]\n")], &[("LU233", POLICY, 21)]);
}

#[test]
fn recipients_who_could_not_be_told_to_stop() {
    let could_not = [("LU234", ROUTES, 6)];
    check(&[Change(CLUB, ", \"out/recall\"", "")], &could_not);
    check(&[Change(POLICY, "kinds = [\"recall\"]", "kinds = [\"answer\"]")], &could_not);
    check(&[Change(POLICY, "\"third-sector\"", "\"private\"")], &could_not);
    // Who reads is told as who receives.
    let asked = Change(POLICY, "\"third-sector\"]\np", "\"public\", \"third-sector\"]\np");
    check(&[Append(DESK, READ), asked], &[("LU234", DESK, 14)]);
}

/// A right in law: a rule without reasons would hold on none, and a reason must be stated by the
/// route where the record has no field for one.
#[test]
fn a_right_in_law_needs_a_stated_reason() {
    let statutory = Change(POLICY, "\"consent\"", "\"statutory\"");
    check(&[statutory], &[("LU203", POLICY, 15)]);
    let reasons = Append(POLICY, "reasons = [\"fire\"]\n");
    check(&[statutory, reasons], &[("LU231", ROUTES, 6)]);
    let wait = "kind = \"referral\"\n";
    let stated = Change(ROUTES, wait, "kind = \"referral\"\nreason = \"fire\"\n");
    check(&[statutory, reasons, stated], &[]);
    let other = Change(ROUTES, wait, "kind = \"referral\"\nreason = \"flood\"\n");
    check(&[statutory, reasons, other], &[("LU231", ROUTES, 7)]);
}

/// A permission holds within one sector, so both ends must have one, and the same.
#[test]
fn a_permission_needs_both_ends_in_one_sector() {
    let permission = Change(POLICY, "\"consent\"", "\"disclosure-permission\"");
    let sector = |sort: &'static str, to: &'static str| Change(REGION, sort, to);
    let desk = sector("sort = \"public\"", "sort = \"public\"\nsector = \"social\"");
    let club = |to| sector("sort = \"third-sector\"", to);
    check(&[permission], &[("LU231", ROUTES, 6)]);
    let social = club("sort = \"third-sector\"\nsector = \"social\"");
    check(&[permission, desk, social], &[]);
    let health = club("sort = \"third-sector\"\nsector = \"health\"");
    check(&[permission, desk, health], &[("LU231", ROUTES, 6)]);
    let neither = club("sort = \"third-sector\"\nsector = \"healthy\"");
    check(&[desk, neither], &[("LU217", REGION, 22)]);
}

#[test]
fn presence_is_asked_only_of_kinds_that_tell_it() {
    let when = "when = { service = [\"chat\", \"visit\"] }";
    let asks = Change(ROUTES, when, "when = { \"$presence\" = [\"client\"] }");
    check(&[asks], &[("LU219", ROUTES, 5)]);
    let misspelt = Change(ROUTES, when, "when = { \"$presence\" = [\"clients\"] }");
    check(&[misspelt], &[("LU217", ROUTES, 5)]);
}

#[test]
fn parts_that_nothing_uses() {
    check(
        &[Change(ROUTES, "to = [{ answer", "from = [\"desk\"]\nto = [{ answer")],
        &[("LU241", CLUB, 7), ("LU240", DESK, 10), ("LU243", ROUTES, 11)],
    );
    let again = "[[route]]\nname = \"again\"\nkind = \"referral\"\nto = [{ system = \"club\", purpose = \"help\" }]\n";
    check(&[Append(ROUTES, again)], &[("LU242", ROUTES, 15)]);
    let parted = "[[route]]\nname = \"again\"\nkind = \"referral\"\nwhen = { service = [\"call\"] }\n\
                  to = [{ system = \"club\", purpose = \"help\" }]\n";
    check(&[Append(ROUTES, parted)], &[]);
    let mute = "adapter = \"webhook\"\norganisation = \"club\"\n[intake]\nformat = \"json\"\nmappings = [\"in/answer\"]\n\
                token_sha256 = [\"0000000000000000000000000000000000000000000000000000000000000003\"]\n";
    check(&[Add("connections/mute.toml", mute)], &[("LU245", ROUTES, 11)]);
    let idle = "adapter = \"webhook\"\norganisation = \"club\"\n";
    check(&[Add("connections/idle.toml", idle)], &[("LU240", "connections/idle.toml", 1)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever a file holds, loading ends with a region or an error, and every place is in a file.
    #[test]
    fn no_file_breaks_the_loader(
        file in 0..GOOD.len(),
        at in any::<prop::sample::Index>(),
        cut in 0_usize..40,
        put in "[a-z\"\\[\\]{}=,.\n#$0-9 ä-]{0,6}",
    ) {
        let tree = changed(|path, text| {
            let mut bytes = text.as_bytes().to_vec();
            if path == GOOD[file].0 {
                let start = at.index(bytes.len());
                let end = (start + cut).min(bytes.len());
                bytes.splice(start..end, put.bytes());
            }
            Some(bytes)
        });
        let loaded = load(&tree, ADAPTERS);
        check_told(&loaded);
        for finding in &loaded.diagnostics {
            let length = loaded.sources.get(&finding.file).map_or(0, String::len);
            prop_assert!(finding.span.iter().all(|span| span.end <= length.max(1)), "{finding:?}");
        }
    }
}
