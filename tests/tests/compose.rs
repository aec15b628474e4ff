//! The services of `docker/compose.yaml`, as far as they can be shown without an engine: what the file
//! names is there, each is as locked in as it may be, and its hubs run, by the file's own environment,
//! settings, secrets and steps, as processes on a real PostgreSQL and RabbitMQ.

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use luotsi_tests::{
    broker::Broker, hub::Hub, paths, postgres::Postgres, wait, webhook, world::Setup,
};
use serde_json::{Map, Value};
use tempfile::TempDir;
use tokio_postgres::NoTls;

/// Which services end, and which may be root, and which cannot tell how they are.
const STEPS: [&str; 3] = ["migrate", "roles", "keys"];
const ROOT: [&str; 1] = ["keys"];
const SILENT: [&str; 1] = ["otel"];
/// The images whose own user is nobody: ours (docker/Dockerfile), and by their makers' word.
const OF_NOBODY: [&str; 4] = ["luotsi", "otel/", "prom/", "grafana/"];

fn yaml(file: &str) -> Value {
    let mut read: serde_yaml_ng::Value = serde_yaml_ng::from_str(&paths::text(file)).expect("YAML");
    // What is merged may merge something itself.
    for _ in 0..2 {
        read.apply_merge().expect("what it merges is there");
    }
    serde_json::to_value(read).expect("keys are texts")
}

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// A list of texts, or the keys of a mapping, which compose takes for the same.
fn names(value: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other["source"].as_str().expect("a source").to_owned(),
    };
    match value {
        Value::Array(all) => all.iter().map(text).collect(),
        other => map(other).keys().cloned().collect(),
    }
}

fn run(command: &mut Command) -> Output {
    let output = command.output().expect("it runs");
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said));
    output
}

/// Made by docker/secrets, as an administrator does it.
fn secrets(into: &Path) {
    run(Command::new(paths::root().join("docker/secrets")).arg(into));
}

#[test]
fn what_the_compose_file_names_is_there() {
    let home = tempfile::tempdir().expect("a folder");
    secrets(home.path());
    let before = fs::read(home.path().join("hub.url")).expect("an address");
    secrets(home.path());
    assert_eq!(fs::read(home.path().join("hub.url")).expect("an address"), before, "it stays");

    let compose = yaml("docker/compose.yaml");
    let services = map(&compose["services"]);
    for (name, file) in map(&compose["secrets"]) {
        let file = file["file"].as_str().expect("a file").replace("${SECRETS}", "");
        let made = fs::metadata(home.path().join(&file[1..]));
        assert!(made.is_ok_and(|made| made.len() > 0), "{name}: docker/secrets makes no {file}");
    }
    let declared = |kind: &str| BTreeSet::from_iter(names(&compose[kind]));
    let (secrets, networks, volumes) =
        (declared("secrets"), declared("networks"), declared("volumes"));
    let mut used = BTreeSet::new();
    for (service, of) in &services {
        for secret in names(&of["secrets"]) {
            assert!(secrets.contains(&secret), "{service}: {secret}");
            used.insert(secret);
        }
        assert!(names(&of["networks"]).iter().all(|name| networks.contains(name)), "{service}");
        assert!(names(&of["depends_on"]).iter().all(|name| services.contains_key(name)));
        for volume in names(&of["volumes"]) {
            let (from, to) = volume.trim_start_matches("${").split_once(":/").expect("two places");
            let is_there = match from.starts_with('.') {
                true => paths::root().join("docker").join(from).exists(),
                false => volumes.contains(from) || volume.starts_with("${"),
            };
            assert!(is_there && !to.is_empty(), "{service}: {volume}");
        }
    }
    assert_eq!(used, secrets, "what nobody uses");
    let ports = BTreeSet::from_iter(["hub-1:7801", "hub-2:7801", "hub-3:7801"].map(str::to_owned));
    let scraped = &yaml("docker/prometheus.yaml")["scrape_configs"][0]["static_configs"][0];
    assert_eq!(BTreeSet::from_iter(names(&scraped["targets"])), ports);
    let alerts = yaml("docker/alerts.yaml");
    let rules = alerts["groups"][0]["rules"].as_array().expect("rules");
    let is_whole = |rule: &Value| {
        ["alert", "expr"].iter().all(|key| rule[key].is_string())
            && ["summary", "mend"].iter().all(|key| rule["annotations"][key].is_string())
    };
    assert!(rules.len() > 10 && rules.iter().all(is_whole));
}

#[test]
fn each_service_is_as_locked_in_as_it_may_be() {
    for (service, of) in map(&yaml("docker/compose.yaml")["services"]) {
        let is = |list: &[&str]| list.contains(&service.as_str());
        assert_eq!(of["read_only"], true, "{service}");
        assert_eq!(names(&of["cap_drop"]), ["ALL"], "{service}");
        assert_eq!(names(&of["security_opt"]), ["no-new-privileges:true"], "{service}");
        let image = of["image"].as_str().expect("an image");
        let user = of["user"].as_str();
        let is_nobody = match user {
            Some(user) => !user.starts_with('0'),
            None => OF_NOBODY.iter().any(|nobody| image.starts_with(nobody)),
        };
        assert!(is_nobody || is(&ROOT) && of["network_mode"] == "none", "{service} is root");
        assert!(image == "luotsi" || image.contains(':'), "{service}: of which version?");
        // The hub's is in its image.
        let tells = image == "luotsi" || !of["healthcheck"].is_null() || is(&SILENT);
        assert!(tells || is(&STEPS), "{service} does not tell how it is");
        let ends = of["restart"] == "on-failure";
        assert_eq!(ends, is(&STEPS), "{service}");
        for (name, value) in map(&of["environment"]) {
            assert!(!name.ends_with("PASSWORD"), "{service}: {name} is no file");
            assert!(!value.as_str().is_some_and(|text| text.contains('@')), "{service}: {name}");
        }
    }
}

/// The places of the containers, on this machine.
struct Places {
    home: TempDir,
    settings: PathBuf,
}

impl Places {
    /// Puts the database's and the broker's real addresses where the compose file's names stand.
    fn new(postgres: &Postgres, broker: &Broker) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let of = |name: &str| home.path().join("secrets").join(name);
        secrets(&home.path().join("secrets"));
        let tls = "?sslmode=verify-full&sslrootcert=/run/secrets/ca.pem";
        for url in ["owner.url", "hub.url"] {
            let text = fs::read_to_string(of(url)).expect("an address");
            assert!(text.contains("@database/luotsi") && text.contains(tls), "{url}");
            let here = format!("@{}/", postgres.address());
            let text = text.replace("@database/", &here).replace(tls, "?sslmode=disable");
            fs::write(of(url), text).expect("a writable folder");
        }
        fs::write(of("broker.url"), broker.tls_url()).expect("a writable folder");
        let authority = fs::read(broker.authority()).expect("an authority");
        let mut roots = fs::OpenOptions::new().append(true).open(of("roots.pem")).expect("roots");
        roots.write_all(&authority).expect("a writable file");
        let settings = home.path().join("luotsi.toml");
        let places = Self { home, settings };
        let text = places.here(&paths::text("docker/settings/luotsi.toml"));
        fs::write(&places.settings, text).expect("a writable folder");
        fs::create_dir(places.home.path().join("master")).expect("a folder");
        places
    }

    /// A text with this machine's paths in the place of the containers'.
    fn here(&self, text: &str) -> String {
        let here = |path: &str| self.home.path().join(path).display().to_string();
        // The hub's own certificate serves the systems too.
        text.replace("/etc/luotsi/tls/intake.", "/run/secrets/hub.")
            .replace("/run/secrets", &here("secrets"))
            .replace("/etc/luotsi/roles.sql", &here("roles.sql"))
            .replace("/etc/luotsi/roles.psql", &here("roles.psql"))
            .replace("/var/lib/luotsi-keys", &here("master"))
    }

    /// The environment of a service. Nobody collects the traces here.
    fn environment(&self, service: &Value) -> Vec<(String, String)> {
        let text = |value: &Value| self.here(value.as_str().expect("a text"));
        let all = map(&service["environment"]);
        let all = all.iter().filter(|(name, _)| !name.starts_with("OTEL_"));
        let settings = ("LUOTSI_SETTINGS".to_owned(), self.settings.display().to_string());
        all.map(|(name, value)| (name.clone(), text(value))).chain([settings]).collect()
    }

    /// A command of the binary with a service's environment and none of ours.
    fn luotsi(&self, service: &Value, arguments: &[&str]) -> Command {
        let mut command = Command::new(paths::luotsi());
        command.env_clear().envs(self.environment(service)).args(arguments);
        command
    }

    /// A step's own command, in a shell.
    fn step(&self, service: &Value, places: &[(&str, &Path)]) {
        let words = service["command"].as_array().expect("a command");
        let words = words.iter().map(|word| {
            let word = self.here(word.as_str().expect("a word")).replace("$$", "$");
            places
                .iter()
                .fold(word, |word, (from, to)| word.replace(from, &to.display().to_string()))
        });
        let words: Vec<_> = words.collect();
        run(Command::new(&words[0]).args(&words[1..]));
    }
}

/// As the owner of the server.
fn sql(url: &str, statements: &[&str]) -> i64 {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a server");
        tokio::spawn(connection);
        for statement in statements {
            client.batch_execute(statement).await.expect("it is done");
        }
        client.query_one("select count(*) from pg_roles", &[]).await.expect("a row").get(0)
    })
}

#[test]
fn the_hubs_of_the_compose_file_run() {
    let id = run(Command::new("id").arg("-u"));
    let has_broker = luotsi_tests::broker::url().is_some();
    let Some(postgres) = Postgres::start().filter(|_| has_broker) else { return };
    if id.stdout.trim_ascii() != b"0" {
        println!("skipped: only root can give a file to another");
        return;
    }
    let (broker, setup) = (Broker::start(), Setup::new());
    let places = Places::new(&postgres, &broker);
    let services = yaml("docker/compose.yaml")["services"].clone();
    let password = places.home.path().join("secrets/owner.password");
    let password = fs::read_to_string(password).expect("a password");
    let owner = format!("create role luotsi_owner superuser login password '{}'", password.trim());
    sql(postgres.url(), &[&owner, "create database luotsi owner luotsi_owner"]);

    run(&mut places.luotsi(&services["migrate"], &["migrate"]));
    for (file, from) in
        [("roles.sql", "config/postgres/roles.sql"), ("roles.psql", "docker/postgres/roles.psql")]
    {
        let text = places.here(&paths::text(from));
        fs::write(places.home.path().join(file), text).expect("a writable folder");
    }
    places.step(&services["roles"], &[]);

    let hub = |name: &str| setup.hub_named(name, places.environment(&services[name]));
    let hubs = ["hub-1", "hub-2", "hub-3"].map(hub);
    let asked = |name: &str, at: &Hub, arguments: &[&str]| {
        let mut command = places.luotsi(&services[name], arguments);
        command.env("LUOTSI_OPS_URL", format!("https://127.0.0.1:{}", at.ops.port()));
        command.arg("--data").arg(&at.data).output().expect("the binary runs")
    };
    let healthy = |name: &str, at: &Hub| {
        wait::holds(&format!("{name} is healthy"), || {
            assert!(!at.log().contains("luotsi: "), "{name}: {}", at.log());
            asked(name, at, &["health"]).status.success()
        });
    };
    hubs[0].spawn();
    healthy("hub-1", &hubs[0]);
    for hub in &hubs[1..] {
        fs::create_dir(&hub.data).expect("a new volume");
    }
    let volumes =
        [("/from", &*hubs[0].data), ("/to/hub-2", &*hubs[1].data), ("/to/hub-3", &*hubs[2].data)];
    places.step(&services["keys"], &volumes);
    for (name, hub) in ["hub-2", "hub-3"].iter().zip(&hubs[1..]) {
        hub.spawn();
        healthy(name, hub);
    }

    for (name, hub) in ["hub-1", "hub-2", "hub-3"].iter().zip(&hubs) {
        assert!(hub.log().contains("the broker is ready"), "{name}: {}", hub.log());
        let mut check = places.luotsi(&services[name], &["check", "--online", "--format", "json"]);
        for system in ["ASIOINTI", "MALLI_KERHO", "MALLI_KULJETUS", "MALLI_RY", "SERENA"] {
            check.env(format!("LUOTSI_SECRET_{system}"), webhook::SECRET);
        }
        check.arg("--region").arg(setup.region.folder()).arg("--data").arg(&hub.data);
        let found: Vec<Value> = serde_json::from_slice(&run(&mut check).stdout).expect("a list");
        // Most systems of the demo region do not run here.
        let found: Vec<_> = found.iter().filter(|found| found["code"] != "LU321").collect();
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
    for hub in &hubs {
        assert!(hub.terminate().success());
    }
}
