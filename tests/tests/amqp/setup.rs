//! The demo region with systems of it on the bus.

use std::{
    fs,
    sync::atomic::{AtomicU32, Ordering},
};

use luotsi_tests::{
    broker::{Bus, parts},
    world::{Setup, World},
};

/// The guidance system publishes its documents, and hears of statuses. It may post as well.
const SERENA: &str = r#"
[settings]
<broker>
publish = { exchange = "<own>.tila", routing_key = "tila" }

[settings.consume]
owner = "hub"
queue = "luotsi.<own>.serena"
bindings = [{ exchange = "<own>.lahetteet", routing_key = "ohjaus.#" }]
"#;

/// The provider gets referrals, and answers on a queue of its own; it has no token.
const MALLI_RY: &str = r#"
[settings]
<broker>
publish = { exchange = "<own>.tuki", routing_key = "lahete" }

[settings.consume]
owner = "system"
queue = "<own>.vastaukset"
dead_letter_exchange = "<own>.hylatyt"
"#;

/// Fast retries, so that a test need not wait for what production waits for.
const RETRY: &str = "[delivery.retry]\nfirst_ms = 40\neach_max_ms = 250\n";

/// The headers of each message that the hub publishes.
pub(crate) const HEADERS: [&str; 6] = [
    "cloudEvents:datacontenttype",
    "cloudEvents:id",
    "cloudEvents:source",
    "cloudEvents:specversion",
    "cloudEvents:traceparent",
    "cloudEvents:type",
];

/// Names at the broker that no other test has.
pub(crate) struct Names(String);

impl Names {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Self(format!("t{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    pub(crate) fn of(&self, what: &str) -> String {
        format!("{}.{what}", self.0)
    }

    /// The queue that the hub declares for the guidance system.
    pub(crate) fn serenas(&self) -> String {
        format!("luotsi.{}.serena", self.0)
    }
}

/// A region on the bus, not started: what the systems themselves declare is there.
pub(crate) struct OnBus {
    pub(crate) setup: Setup,
    pub(crate) names: Names,
    pub(crate) bus: Bus,
}

/// What of the region is on the bus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Who {
    Serena,
    Both,
}

/// Writes the connections.
pub(crate) fn declare(setup: &mut Setup, who: Who, names: &Names, hubs_url: &str) {
    let (address, user, password) = parts(hubs_url);
    let broker = format!(
        "url = \"{address}\"\nusername = \"{user}\"\n\
         password = {{ env = \"LUOTSI_SECRET_BUS\" }}"
    );
    setup.environment.push(("LUOTSI_SECRET_BUS".into(), password));
    // What the demo region has of them stays; how they are reached is another way.
    let write = |name: &str, adapter: &str, settings: &str| {
        let file = setup.region.folder().join(format!("connections/{name}.toml"));
        let text = fs::read_to_string(&file).expect("a file of the region");
        let (rest, _) = text.split_once("\n[settings]").expect("settings at the end");
        let adapter = format!("\"{adapter}\"");
        assert!(rest.contains(&adapter), "{rest}");
        let rest = rest.replacen(&adapter, "\"amqp\"", 1);
        let settings = settings.replace("<own>", &names.0).replace("<broker>", &broker);
        fs::write(file, format!("{rest}\n{RETRY}{settings}")).expect("a writable copy");
    };
    write("serena", "serena", SERENA);
    if who == Who::Both {
        write("malli-ry", "webhook", MALLI_RY);
        setup.region.edit("connections/malli-ry.toml", "token_sha256 = [", "# [");
    }
}

impl OnBus {
    /// At the broker at `url`; the hub comes by `hubs_url`.
    pub(crate) fn new(who: Who, url: &str, hubs_url: &str) -> Self {
        let (mut setup, names) = (Setup::new(), Names::new());
        declare(&mut setup, who, &names, hubs_url);
        let mut bus = Bus::at(url);
        for exchange in ["lahetteet", "tila", "tuki", "hylatyt"] {
            bus.exchange(&names.of(exchange));
        }
        bus.queue(&names.of("tilat"), &names.of("tila"), "tila");
        bus.queue(&names.of("hylatyt"), &names.of("hylatyt"), "#");
        bus.queue_with(
            &names.of("vastaukset"),
            &names.of("lahetteet"),
            "vastaus",
            &[("x-dead-letter-exchange", &names.of("hylatyt"))],
        );
        bus.queue(&names.of("lahetteet-tukeen"), &names.of("tuki"), "lahete");
        Self { setup, names, bus }
    }

    /// Starts the hub.
    #[track_caller]
    pub(crate) fn start(self) -> (World, Names, Bus) {
        (self.setup.start(), self.names, self.bus)
    }
}
