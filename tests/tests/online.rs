//! `luotsi check --online` against a real PostgreSQL and a real RabbitMQ: each thing that would keep a
//! hub from starting, or from working, is told with its mend, and nothing is changed by asking.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use luotsi_tests::{
    broker::{self, Bus},
    hub::Hub,
    paths,
    postgres::Postgres,
    webhook,
    world::Setup,
};
use serde_json::Value;
use tokio_postgres::NoTls;

const HUB_PASSWORD: &str = "sala-sana-1";
const OTHER_PASSWORD: &str = "sala-sana-2";
const SECRETS: [&str; 5] = ["ASIOINTI", "MALLI_KERHO", "MALLI_KULJETUS", "MALLI_RY", "SERENA"];
/// A system that does not answer is told each time, and here most do not.
const SILENT: &str = "LU321";

/// What a check is called with.
#[derive(Clone)]
struct Call {
    region: PathBuf,
    data: PathBuf,
    database: String,
    bus: String,
    prefix: String,
    without_secret: Option<&'static str>,
}

impl Call {
    fn run(&self, format: &str) -> Output {
        let mut command = Command::new(paths::luotsi());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LUOTSI_")) {
            command.env_remove(name);
        }
        for secret in SECRETS.iter().filter(|name| Some(**name) != self.without_secret) {
            command.env(format!("LUOTSI_SECRET_{secret}"), webhook::SECRET);
        }
        command.args(["check", "--online", "--format", format, "--region"]).arg(&self.region);
        command.arg("--data").arg(&self.data).env("LUOTSI_DATABASE__URL", &self.database);
        command.env("LUOTSI_BUS__URL", &self.bus).env("LUOTSI_BUS__PREFIX", &self.prefix);
        let output = command.output().expect("the binary runs");
        let told = [&output.stdout[..], &output.stderr[..]].concat();
        let told = String::from_utf8_lossy(&told);
        for secret in [HUB_PASSWORD, OTHER_PASSWORD, webhook::SECRET] {
            assert!(!told.contains(secret), "{told}");
        }
        output
    }

    /// Which findings there are but for those of silent systems, with which exit, and that each says
    /// what is looked for.
    #[track_caller]
    fn check(&self, when: &str, wanted: &[(&str, &str)], exit: i32) {
        let output = self.run("json");
        let found: Vec<Value> = serde_json::from_slice(&output.stdout).expect("a list");
        let found: Vec<_> = found.iter().filter(|finding| finding["code"] != SILENT).collect();
        let codes: Vec<_> = found.iter().map(|finding| &finding["code"]).collect();
        assert_eq!(
            codes,
            wanted.iter().map(|(code, _)| *code).collect::<Vec<_>>(),
            "{when}: {found:#?}"
        );
        for (finding, (_, says)) in found.iter().zip(wanted) {
            let told = ["what", "why", "mend"].map(|key| finding[key].as_str().expect("a text"));
            assert!(told.iter().all(|text| !text.is_empty()), "{when}: {finding:#}");
            assert!(told.iter().any(|text| text.contains(says)), "{when}: {says:?} in {finding:#}");
        }
        assert_eq!(output.status.code(), Some(exit), "{when}");
    }
}

/// What only an owner may, done to the database.
fn sql(url: &str, text: &str) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a server");
        tokio::spawn(connection);
        client.batch_execute(text).await.expect("it is done");
    });
}

fn migrate(url: &str) {
    let mut command = Command::new(paths::luotsi());
    let ran = command.arg("migrate").env("LUOTSI_DATABASE__URL", url).output();
    assert!(ran.expect("the binary runs").status.success());
}

/// A data folder with these files of another's; an empty text is one of its own.
fn folder(home: &Path, name: &str, from: &Hub, files: &[(&str, Option<String>)]) -> PathBuf {
    let folder = home.join(name);
    fs::DirBuilder::new().mode(0o700).create(&folder).expect("a folder");
    for (file, text) in files {
        let text = text.clone();
        let text = text.unwrap_or_else(|| fs::read_to_string(from.data.join(file)).expect("a key"));
        let path = folder.join(file);
        fs::write(&path, text).expect("a writable folder");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its own file");
    }
    folder
}

#[test]
fn what_a_start_would_need_is_told_and_nothing_is_changed() {
    let (Some(postgres), Some(bus)) = (Postgres::start(), broker::url()) else { return };
    let (setup, home) = (Setup::new(), tempfile::tempdir().expect("a folder"));
    let owner = postgres.url();
    let (_, place) = owner.split_once('@').expect("a user");
    let (prefix, nowhere) = (format!("online-{}", std::process::id()), "127.0.0.1:1");
    let as_owner = Call {
        region: setup.region.folder(),
        data: home.path().join("none"),
        database: owner.to_owned(),
        bus: bus.clone(),
        prefix: prefix.clone(),
        without_secret: None,
    };
    let as_hub = Call {
        database: format!("postgres://luotsi_hub:{HUB_PASSWORD}@{place}"),
        ..as_owner.clone()
    };
    let undeclared = ("LU312", "luotsi serve");

    as_owner.check("before migrate", &[("LU301", "luotsi migrate"), undeclared], 1);
    migrate(owner);
    as_owner.check("as the owner", &[("LU303", "create in the schema"), undeclared], 0);
    sql(owner, &paths::text("config/postgres/roles.sql"));
    sql(owner, &format!("alter role luotsi_hub password '{HUB_PASSWORD}'"));
    as_hub.check("as the hub", &[undeclared], 0);

    let wrong =
        |call: Call, when: &str, wanted: &[(&str, &str)], exit| call.check(when, wanted, exit);
    let password = as_hub.database.replace(HUB_PASSWORD, OTHER_PASSWORD);
    let call = Call { database: password, ..as_hub.clone() };
    wrong(call, "a wrong password", &[("LU300", "login"), undeclared], 3);
    let call = Call { bus: format!("amqp://luotsi:{OTHER_PASSWORD}@{nowhere}/"), ..as_hub.clone() };
    wrong(call, "no broker", &[("LU310", "bus.url")], 3);
    let call = Call { without_secret: Some("MALLI_RY"), ..as_hub.clone() };
    wrong(call, "no secret", &[undeclared, ("LU320", "LUOTSI_SECRET_MALLI_RY")], 1);
    let strange = format!("{prefix}.strange");
    let mut system = Bus::at(&bus);
    system.exchange(&format!("{strange}.x"));
    system.queue(&format!("{strange}.dead"), &format!("{strange}.x"), "none");
    let call = Call { prefix: strange, ..as_hub.clone() };
    wrong(call, "another queue", &[("LU311", "delete_queue"), undeclared], 1);
    sql(owner, "revoke insert on message, outbox from luotsi_intake");
    as_hub.check("a right too few", &[("LU302", "insert on message"), undeclared], 1);
    sql(owner, &paths::text("config/postgres/roles.sql"));

    let environment = [
        ("LUOTSI_DATABASE__URL", &as_hub.database),
        ("LUOTSI_BUS__URL", &bus),
        ("LUOTSI_BUS__PREFIX", &prefix),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.clone()));
    let hub = setup.hub_named("first", environment.to_vec());
    hub.start();
    let at_home = Call { data: hub.data.clone(), ..as_hub.clone() };
    at_home.check("beside a hub that runs", &[], 0);
    assert!(hub.terminate().success());
    let key = Some("5e".repeat(32) + "\n");
    let own = [("master.key", None), ("client.key", key.clone())];
    let keys = [
        ("no-keys", &own[..0], [("LU305", "master.key")]),
        ("another-key", &own, [("LU304", "client.key")]),
        ("another-master", &[("master.key", key)], [("LU305", "does not hold")]),
    ];
    for (when, files, wanted) in keys {
        let data = folder(home.path(), when, &hub, files);
        let files_before = fs::read_dir(&data).expect("a folder").count();
        Call { data: data.clone(), ..as_hub.clone() }.check(when, &wanted, 1);
        assert_eq!(fs::read_dir(&data).expect("a folder").count(), files_before, "{when}: made");
    }

    // In every form, and with the systems that do answer left out.
    let said = |format| String::from_utf8(at_home.run(format).stdout).expect("UTF-8");
    let silent = said("ndjson").lines().filter(|line| line.contains(SILENT)).count();
    assert!(silent > 0 && !said("human").contains("`serena` does not answer"));
    let log: Value = serde_json::from_str(&said("sarif")).expect("one object");
    assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(silent));
    sql(owner, "insert into schema_version values (999)");
    at_home.check("after a newer hub", &[("LU301", "newer")], 1);
}
