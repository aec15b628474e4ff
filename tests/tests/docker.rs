//! What the docker folder promises, as far as it can be shown without an engine: the image's root
//! folder is laid out and run for real, and what watches the hub speaks of metrics that there are.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use luotsi_tests::{paths, webhook};
use serde_json::Value;

/// The user of the image.
const USER: &str = "10001:10001";
/// Where its volumes are.
const DATA: &str = "/var/lib/luotsi";

/// A command of the hub in the image's root folder, as its user, with nothing else to be found.
fn luotsi(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("chroot");
    command.arg(format!("--userspec={USER}")).arg(root).arg("/usr/local/bin/luotsi");
    command.args(arguments).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.env("LUOTSI_DATA", DATA).env("LUOTSI_SECRET_BENCH", webhook::SECRET);
    command.stdout(Stdio::piped());
    command
}

/// The image's root folder, with the project's regions and mappings in it as a volume would be.
fn laid_out(root: &Path) {
    let run = |command: &mut Command| {
        let done = command.status().expect("it runs");
        assert!(done.success(), "{command:?}: {done}");
    };
    run(Command::new(paths::root().join("docker/rootfs")).arg(paths::luotsi()).arg(root));
    for folder in ["config", "mappings"] {
        run(Command::new("cp").arg("-r").arg(paths::root().join(folder)).arg(root));
    }
}

/// Ends with its child, whatever the test comes to.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_image_has_all_that_the_hub_needs_and_nothing_else() {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    if id.stdout.trim_ascii() != b"0" {
        println!("skipped: only root can enter another root folder");
        return;
    }
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path().join("root");
    laid_out(&root);
    assert!(!root.join("bin/sh").exists(), "no shell");
    // Time zones and libraries: the check of a region compiles all that is shipped.
    let checked = luotsi(&root, &["check", "--region", "/config/mallialue"]).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));

    let serve = ["serve", "--region", "/config/bench", "--intake", "127.0.0.1:0"];
    let serve = [&serve[..], &["--ops", "127.0.0.1:0"]].concat();
    let mut hub = Serving(luotsi(&root, &serve).spawn().expect("it starts"));
    let said = BufReader::new(hub.0.stdout.take().expect("a pipe"));
    let lines = said.lines().map(|line| line.expect("text"));
    let mut told = lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
    let ready = told.find(|line| line["message"] == "ready").expect("it is ready");
    let ops = format!("http://{}", ready["ops"].as_str().expect("an address"));
    // Without a token, too: what it asks is told to anybody.
    let health = || {
        let mut asked = luotsi(&root, &["health", "--ops", &ops, "--data", "/nowhere"]);
        asked.status().expect("it runs").code()
    };
    assert_eq!(health(), Some(0), "the image's health check");
    let kept = fs::read_dir(root.join(&DATA[1..])).expect("the volume").count();
    assert!(kept > 0, "it keeps its data in the volume");
    drop(hub);
    assert_eq!(health(), Some(3), "and tells when nobody answers");
}

#[test]
fn what_watches_the_hub_speaks_of_metrics_that_there_are() {
    let reference = paths::text("docs/reference/metrics.md");
    let there: BTreeSet<_> = named(&reference);
    for file in ["docker/alerts.yaml", "docker/grafana/dashboards/luotsi.json"] {
        let text = paths::text(file);
        let spoken = named(&text);
        assert!(spoken.len() > 5, "{file} speaks of {spoken:?}");
        let strange: Vec<_> = spoken.difference(&there).collect();
        assert!(strange.is_empty(), "{file}: {strange:?}");
    }
    let dashboard: Value =
        serde_json::from_str(&paths::text("docker/grafana/dashboards/luotsi.json"))
            .expect("the dashboard is JSON");
    assert!(dashboard["panels"].as_array().is_some_and(|panels| panels.len() > 10));
}

/// The names of metrics in a text; those of a histogram's parts are its own.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let metrics = words.filter(|word| word.starts_with("luotsi_"));
    metrics.map(|name| name.trim_end_matches("_bucket")).collect()
}
