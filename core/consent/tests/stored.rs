//! The stored form of a directive: what is written is read, and what is not understood is refused.

use luotsi_consent::{Directive, GivenBy, Instrument};
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

/// What an earlier hub stored has neither sort nor giver: it is the client's own will.
#[test]
fn every_sort_is_read_again() {
    let sorts = [
        json!({ "sort": "will" }),
        json!({ "sort": "disclosure-permission", "sector": "social",
                "informed": "2026-11-14T07:00:00Z", "relationship": true }),
        json!({ "sort": "purchased-service", "agreement": "A-1", "organiser": "county",
                "producer": "producer", "see": true, "store": false }),
        json!({ "sort": "voucher", "organiser": "county", "producer": "producer" }),
        json!({ "sort": "mandate", "delegate": "client-b", "evidence": "V-1" }),
        json!({ "sort": "emergency", "person": "Olli Ohjaaja", "reason": "R" }),
        json!({ "sort": "protected-address" }),
        json!({ "sort": "minor", "to_guardians": "denied", "custody_split": true }),
    ];
    for sort in sorts {
        let mut stored = consent();
        stored["instrument"] = sort.clone();
        let directive: Directive = serde_json::from_value(stored).unwrap();
        assert_eq!(serde_json::to_value(&directive).unwrap()["instrument"], sort);
        assert!(!format!("{directive:?}").contains("Olli"), "a name is shown");
        assert_eq!(directive.instrument.as_str(), sort["sort"]);
        let shown = serde_json::to_string(&directive.instrument.without_values()).unwrap();
        assert!(!shown.contains("Olli"), "a name is told to operations");
    }
    let old: Directive = serde_json::from_value(consent()).unwrap();
    assert_eq!((old.instrument, old.given_by), (Instrument::Will, GivenBy::Client));
}

/// A criterion passed over would widen the consent, and an unknown value might.
#[test]
fn what_is_not_understood_is_refused() {
    let cases = [
        ("", "withdrawn_by", json!("serena")),
        ("/root", "recipient", json!("malli-ry")),
        ("/root", "document", json!(["1.2.3"])),
        ("", "instrument", json!({ "sort": "luovutuslupa" })),
        ("", "instrument", json!({ "sort": "voucher", "organiser": "county" })),
        ("", "instrument", json!({ "sort": "emergency", "person": "P", "reason": "R", "x": 1 })),
        ("", "given_by", json!({ "by": "neighbour" })),
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
