//! Whether a sender hears of a refusal: found before it is served.

mod support;

use luotsi_region::{Tree, load};
use support::{ADAPTERS, changed};

const ROUTES: &str = "routes.toml";
const CLUB: &str = "connections/club.toml";
const DESK: &str = "connections/desk.toml";
const TO: &str = "to = [{ answer";

/// In this file, this text becomes that.
type Edit = (&'static str, &'static str, &'static str);

/// The good region, in which answers are of the kind that the hub answers in, with `edits`.
fn edited(edits: &[Edit]) -> Tree {
    let kind = "\"task-status\"";
    let answers = [
        ("mappings/in/answer.toml", "\"answer\"", kind),
        ("mappings/out/answer.toml", "\"answer\"", kind),
        (ROUTES, "kind = \"answer\"", "kind = \"task-status\""),
    ];
    let tree = changed(|path, text| {
        let own = answers.iter().chain(edits).filter(|(file, ..)| *file == path);
        let text = own.fold(text.to_owned(), |text, (file, from, to)| {
            assert!(text.contains(from), "{file} has no {from:?}");
            text.replacen(from, to, 1)
        });
        Some(text.into_bytes())
    });
    tree.with("mappings/records/task-status.toml", include_str!("support/task-status.toml"))
}

/// `want`: code and file of every finding.
#[track_caller]
fn check(tree: &Tree, want: &[(&str, &str)]) {
    let found = load(tree, ADAPTERS).diagnostics;
    let places: Vec<_> = found.iter().map(|finding| (finding.code, &*finding.file)).collect();
    assert_eq!(places, want, "{found:#?}");
}

/// A route that names no source takes the hub's refusals too.
#[test]
fn a_sender_without_a_way_back_is_told() {
    let club_only = (ROUTES, TO, "from = [\"club\"]\nto = [{ answer");
    check(&edited(&[]), &[]);
    check(&edited(&[club_only]), &[("LU246", ROUTES)]);
    check(&edited(&[(ROUTES, TO, "from = [\"club\", \"luotsi\"]\nto = [{ answer")]), &[]);
    // Whatever the client says, it goes: there is nothing to hear of.
    let always = [
        club_only,
        ("region.toml", "controller = \"club\"", "controller = \"town\""),
        ("policy.toml", "[\"public\"]", "[\"public\", \"third-sector\"]"),
        ("policy.toml", "[\"identity\", ", "[\"identity\", \"contact\", "),
    ];
    check(&edited(&always), &[]);
    // It has a route, and no mapping to hear by.
    let hub_only = (ROUTES, TO, "from = [\"luotsi\"]\nto = [{ answer");
    let deaf = (DESK, "[delivery]\nmappings = [\"out/answer\"]\n", "");
    check(&edited(&[hub_only, deaf]), &[("LU241", CLUB), ("LU224", ROUTES)]);
    // The hub sends nothing else.
    let referrals = (ROUTES, "from = [\"desk\"]", "from = [\"desk\", \"luotsi\"]");
    check(&edited(&[referrals]), &[("LU243", ROUTES)]);
}

#[test]
fn no_system_is_called_as_the_hub_is() {
    let file = "connections/luotsi.toml";
    let desk = support::GOOD.iter().find(|(path, _)| *path == DESK).unwrap().1;
    let desk = desk.replace("000001\"", "000009\"");
    check(&edited(&[]).with(file, desk), &[("LU207", file)]);
}
