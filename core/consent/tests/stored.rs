//! The stored form of a directive: what is written is read, and what is not understood is refused.

use luotsi_consent::Directive;
use serde_json::{Value, json};

fn consent() -> Value {
    json!({
        "id": "S-1", "version": 2, "subject": "client-a", "standing": "active",
        "given": "2026-11-14T07:30:00Z", "recorder": "serena",
        "root": {
            "effect": "permit",
            "period": { "start": "2026-11-14T00:00:00Z", "end": null },
            "recipients": ["malli-ry"], "purposes": ["peer-support"], "kinds": [],
            "services": [], "categories": ["need"],
        },
        "exceptions": [{ "effect": "deny", "categories": ["health"] }],
    })
}

#[test]
fn what_is_written_is_read() {
    let directive: Directive = serde_json::from_value(consent()).unwrap();
    let again = serde_json::from_str(&serde_json::to_string(&directive).unwrap()).unwrap();
    assert_eq!(directive, again);
    assert_eq!(serde_json::to_value(&directive).unwrap()["root"], consent()["root"]);
}

/// A criterion passed over would widen the consent, and an unknown value might.
#[test]
fn what_is_not_understood_is_refused() {
    let cases = [
        ("", "withdrawn_by", json!("serena")),
        ("/root", "recipient", json!("malli-ry")),
        ("/root", "documents", json!(["1.2.3"])),
        ("/root", "categories", json!(["everything"])),
        ("/root", "effect", json!("allow")),
        ("/root/period", "until", json!("2026-11-15T00:00:00Z")),
        ("/exceptions/0", "actors", json!(["malli-ry"])),
    ];
    for (at, name, value) in cases {
        let mut stored = consent();
        stored.pointer_mut(at).unwrap()[name] = value;
        assert!(serde_json::from_value::<Directive>(stored).is_err(), "{at}/{name} was taken");
    }
}
