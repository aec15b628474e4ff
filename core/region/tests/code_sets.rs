//! Closed code sets over a region: its mappings, its routes, its other record kinds.

mod support;

use luotsi_region::load;
use support::{ADAPTERS, changed};

const REFERRAL: &str = "mappings/records/referral.toml";
const ANSWER: &str = "mappings/records/answer.toml";
const FIELD: &str =
    "[[field]]\npath = \"s\"\ntype = \"code\"\ncategory = \"need\"\ncodes = \"service\"\n";

/// `want`: code and file of every finding where the services of a referral are closed by `set`, and
/// those of an answer, which has a field of them, by `other`.
#[track_caller]
fn check(set: &str, other: Option<&str>, want: &[(&str, &str)]) {
    let tree = changed(|path, text| {
        let text = match path {
            REFERRAL => {
                let text = text.replacen("\"code\"", "\"code\"\ncodes = \"service\"", 1);
                text.replacen("[[field]]", &format!("{set}\n[[field]]"), 1)
            }
            ANSWER => match other {
                Some(set) => format!("{text}{FIELD}{set}"),
                None => text.to_owned(),
            },
            _ => text.to_owned(),
        };
        Some(text.into_bytes())
    });
    let found = load(&tree, ADAPTERS).diagnostics;
    let got: Vec<_> = found.iter().map(|finding| (finding.code, &*finding.file)).collect();
    assert_eq!(got, want, "{found:#?}");
}

#[test]
fn closed_code_sets() {
    let both = "[codes]\nservice = [\"chat\", \"visit\"]";
    let turned = "[codes]\nservice = [\"visit\", \"chat\"]";
    let one = "[codes]\nservice = [\"chat\"]";
    check("", None, &[]);
    check(both, None, &[]);
    check(one, None, &[("LU119", "mappings/in/referral.toml"), ("LU244", "routes.toml")]);
    check(both, Some(turned), &[]);
    check(both, Some(one), &[("LU129", REFERRAL)]);
    check(both, Some(""), &[("LU129", REFERRAL)]);
    check("", Some(both), &[("LU129", REFERRAL)]);
}
