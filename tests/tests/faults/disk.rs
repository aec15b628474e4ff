//! The disk under a journal in a file is full, over and over, and has room again.
//!
//! It is a small tmpfs, in a namespace of mounts of the test's own: nothing of it is left, however the
//! test ends.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::Path,
    process::Command,
    slice,
    time::Duration,
};

use luotsi_tests::{
    dice::{Dice, Seed, count},
    hub::Hub,
    journal::Place,
    load::{Client, Load, be_shaky, laws, under_load},
    paths,
    stage::Stage,
    wait,
    world::Setup,
};

/// Room for the write-ahead log at its longest, and for the journal.
const SIZE: &str = "size=128m,mode=0700";
const SENDERS: u64 = 4;
/// What the write-ahead log holds already is written to for a while yet.
const FULL: Duration = Duration::from_secs(120);
/// Of each sender: as many always consent, never do, and change their minds.
const CLIENTS_EACH: u64 = 6;

/// Says that the test runs where it may mount.
const INSIDE: &str = "LUOTSI_TEST_MOUNTS";
const NAME: &str = "disk::a_full_disk_turns_away_and_loses_nothing_and_goes_on_with_room";

#[test]
fn a_full_disk_turns_away_and_loses_nothing_and_goes_on_with_room() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    let place = tempfile::tempdir().expect("a folder");
    // As root; or as whoever may be root of a namespace of users.
    let may_mount = |flags: &&str| {
        let mut mount = Command::new("unshare");
        mount.args([flags, "mount", "-t", "tmpfs", "-o", SIZE, "luotsi"]).arg(place.path());
        mount.output().is_ok_and(|ran| ran.status.success())
    };
    let Some(flags) = ["-m", "-rm"].into_iter().find(may_mount) else {
        return eprintln!("skipped: nobody may mount a tmpfs here, not even in a namespace");
    };
    let this = std::env::current_exe().expect("a test has a path");
    let mut again = Command::new("unshare");
    again.arg(flags).arg(this).args(["--exact", NAME, "--nocapture"]).env(INSIDE, "yes");
    assert!(again.status().expect("unshare(1)").success(), "see above");
}

fn inside() {
    let cycles = count("LUOTSI_CYCLES", 50).div_ceil(10);
    let seed = Seed::take();
    let mut dice = seed.dice();
    let setup = Setup::new();
    let hub = setup.hub_named("hub", Vec::new());
    mount(&hub.data);
    hub.start();
    let Setup { serena, home_care, malli_ry, .. } = &setup;
    let place = Place::File(hub.data.join("luotsi.db"));
    let stage = Stage { hubs: slice::from_ref(&hub), place, serena, home_care, malli_ry };
    be_shaky(&stage, &mut dice);
    let load = Load::new(stage, 6);
    let clients = |sender| Client::some(sender * CLIENTS_EACH, CLIENTS_EACH);
    let account = under_load(&load, SENDERS, &mut dice, clients, |dice| {
        for _ in 0..cycles {
            fill(&hub, &load, dice);
        }
    });
    laws::hold(&account);
    verify_log(&hub);
    println!("{cycles} full disks, seed {}: {account}", seed.seed);
}

fn mount(folder: &Path) {
    fs::create_dir_all(folder).expect("a folder");
    let mut mount = Command::new("mount");
    let mounted = mount.args(["-t", "tmpfs", "-o", SIZE, "luotsi"]).arg(folder).status();
    assert!(mounted.expect("mount(8)").success());
}

/// Fills the disk once so many things more have happened, sees everybody turned away, and makes room;
/// now and then the hub dies meanwhile.
fn fill(hub: &Hub, load: &Load<'_>, dice: &mut Dice) {
    let (from, more) = (load.happened(), dice.within(20..120));
    wait::holds("something happens", || load.happened() >= from + more);
    let told = failures(hub);
    let ballast = hub.data.join("ballast");
    fill_up(&ballast);
    let mut since = (load.acknowledged(), load.turned_away());
    wait::within(FULL, "all are turned away", || {
        let now = (load.acknowledged(), load.turned_away());
        if now.0 > since.0 {
            since = now;
        }
        (now.1 >= since.1 + 4 * SENDERS).then_some(())
    });
    let acknowledged = since.0;
    wait::holds("it is not ready", || hub.ask("/readyz").is_ok_and(|a| a.status == 503));
    assert!(failures(hub) > told, "its log says why");
    let dies = dice.once_in(3);
    if dies {
        hub.kill();
    }
    fs::remove_file(&ballast).expect("a file");
    if dies {
        hub.start();
    }
    wait::holds("it goes on by itself", || load.acknowledged() > acknowledged + SENDERS);
    wait::holds("it is ready", || hub.ask("/readyz").is_ok_and(|a| a.status == 200));
}

/// How often its log names the disk.
fn failures(hub: &Hub) -> usize {
    hub.log().lines().filter(|line| line.contains("database or disk is full")).count()
}

fn fill_up(ballast: &Path) {
    let mut file = File::create(ballast).expect("a file");
    for size in [1 << 20, 4096, 1] {
        let bytes = vec![0; size];
        let full = loop {
            if let Err(error) = file.write_all(&bytes) {
                break error;
            }
        };
        assert_eq!(full.kind(), ErrorKind::StorageFull, "{full}");
    }
}

fn verify_log(hub: &Hub) {
    let mut audit = Command::new(paths::luotsi());
    let ran = audit.args(["audit", "verify", "--data"]).arg(&hub.data).output();
    let ran = ran.expect("the hub's binary runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
}
