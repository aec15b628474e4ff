//! What a sound region does: the demo and bench regions, routing, generations, tokens.

mod support;

use jiff::{SignedDuration, Timestamp};
use luotsi_model::{
    ClientRef, Envelope, GenerationId, Kind, MessageId, OrganisationId, Record, SystemId,
};
use luotsi_region::{Destination, Files, Folder, Region, Tree, load};
use support::{ADAPTERS, changed};

fn region(files: &dyn Files) -> Region {
    let loaded = load(files, ADAPTERS);
    assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
    loaded.region.expect("a region without an error")
}

fn shipped(name: &str) -> Region {
    region(&Folder::new(format!("{}/../../config/{name}", env!("CARGO_MANIFEST_DIR"))))
}

fn good() -> Tree {
    changed(|_, text| Some(text.into()))
}

#[test]
fn the_bench_region_is_sound() {
    assert_eq!(shipped("bench").connections.len(), 2);
}

struct Message<'m> {
    source: &'m str,
    kind: &'m str,
    fields: &'m [(&'m str, &'m str)],
    is_about_a_client: bool,
}

fn destinations(region: &Region, message: &Message<'_>) -> Vec<String> {
    let schema = region.schema(&Kind::new(message.kind)).expect("a kind of the demo");
    let mut record = Record::new(schema);
    message.fields.iter().for_each(|(path, text)| record.set_text(schema, path, text));
    let envelope = Envelope {
        id: MessageId(Default::default()),
        kind: Kind::new(message.kind),
        source: SystemId::new(message.source),
        controller: OrganisationId::new("mallikunta"),
        subject: message.is_about_a_client.then(|| ClientRef::new("someone")),
        service: None,
        answers: None,
        replays: None,
        received: Timestamp::UNIX_EPOCH,
        generation: region.generation.clone(),
        traceparent: None,
    };
    let to = region.routes_for(&envelope, &record).flat_map(|route| &route.to);
    to.map(|to| match to {
        Destination::System { system, purpose } => format!("{system} for {purpose}"),
        Destination::Answer { purpose } => format!("answer for {purpose}"),
    })
    .collect()
}

#[test]
fn the_demo_region_routes() {
    let region = shipped("mallialue");
    let check = |source, kind, fields, is_about_a_client, want: &[&str]| {
        let message = Message { source, kind, fields, is_about_a_client };
        assert_eq!(destinations(&region, &message), want, "{kind} {fields:?}");
    };
    let peer = &[("service", "peer-support")];
    let everyone = ["malli-ry for peer-support", "home-care for care", "plan for planning"];
    check("serena", "referral", peer, true, &everyone);
    check("serena", "referral", &[("service", "home-care")], true, &everyone[1..]);
    check("malli-ry", "referral", peer, true, &[]);
    check("serena", "contact", &[("topic", "peer-support")], false, &everyone[..1]);
    check("serena", "contact", &[("topic", "peer-support")], true, &[]);
    check("serena", "contact", &[("topic", "finances")], false, &[]);
    check("serena", "assessment", &[], true, &everyone[2..]);
    check("malli-ry", "task-status", &[], true, &["answer for care", "plan for planning"]);
    check("malli-ry", "task-status", &[], false, &["answer for care"]);
    check("serena", "directive", &[], true, &[]);
    let to_hospital = [("service", "service-guidance"), ("priority", "routine")];
    check("serena", "referral", &to_hospital, true, &[]);
    let by_mandate = [to_hospital[0], to_hospital[1], ("grounds.mandate", "V-1")];
    check("serena", "referral", &by_mandate, true, &["malli-sairaala for care"]);
    let urgent = [to_hospital[0], ("priority", "urgent")];
    check("serena", "referral", &urgent, true, &["malli-sairaala for care"]);
}

/// The demo's tokens are known; everything else about a region's tokens is secret.
#[test]
fn the_demo_region_admits_its_tokens() {
    let region = shipped("mallialue");
    for system in ["serena", "malli-ry", "home-care"] {
        let intake = region.connection(&SystemId::new(system)).unwrap().intake.as_ref().unwrap();
        assert!(intake.admits(format!("demo-{system}-token").as_bytes()));
        assert!(!intake.admits(b"demo-plan-token"));
        assert!(!intake.admits(b""));
    }
}

#[test]
fn defaults() {
    let region = region(&good());
    let club = region.connection(&SystemId::new("club")).unwrap();
    let (intake, delivery) = (club.intake.as_ref().unwrap(), club.delivery.as_ref().unwrap());
    assert_eq!((intake.bytes_max, delivery.concurrency_max), (1 << 20, 32));
    assert_eq!(delivery.timeout.as_secs(), 10);
    assert_eq!(delivery.retry, luotsi_region::Retry::default());
    assert_eq!(region.routes[0].wait, SignedDuration::from_hours(14 * 24));
    assert_eq!(region.acknowledge, SignedDuration::from_hours(7 * 24));
    let text = support::GOOD.iter().find(|(path, _)| *path == club.file).unwrap().1;
    assert_eq!(&text[club.settings_span.clone()], "[settings]");
    assert_eq!(club.settings["url"].as_str(), Some("http://127.0.0.1:9"));
}

#[test]
fn a_generation_is_named_by_its_files() {
    let name = |tree: &Tree| region(tree).generation;
    let first: GenerationId = name(&good());
    assert_eq!(first.as_str().len(), 12);
    assert_eq!(first, name(&good()));
    for file in ["policy.toml", "mappings/codes/services.csv", "mappings/out/answer.toml"] {
        let touched = changed(|path, text| {
            Some(if path == file { format!("{text}# touched\n") } else { text.into() }.into_bytes())
        });
        assert_ne!(first, name(&touched), "{file}");
    }
}

#[test]
fn a_tree_climbs_to_what_it_holds() {
    let tree = Tree::new("a/b").with("a/b/x", "1").with("c/y/z", "2").with("c/w", "3");
    assert_eq!(tree.read("x").unwrap(), Some(b"1".to_vec()));
    assert_eq!(tree.read("../../c/y/z").unwrap(), Some(b"2".to_vec()));
    assert_eq!(tree.read("../../../c/w").unwrap(), None);
    assert_eq!(tree.list("../../c").unwrap(), ["w", "y/"]);
    assert_eq!(tree.list("none").unwrap(), [""; 0]);
}

#[test]
fn a_folder_lists_as_a_tree_does() {
    let folder = Folder::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/good"));
    let mut names = folder.list(".").unwrap();
    names.sort();
    assert_eq!(names, good().list(".").unwrap());
    assert_eq!(folder.read("none").unwrap(), None);
    assert_eq!(region(&folder).generation, region(&good()).generation);
}
