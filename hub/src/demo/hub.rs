//! The hub as a child process.

use std::{
    fs::{File, OpenOptions},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use reqwest::Client;

use super::{Failed, ports, world::until};

/// A running hub, and what it takes to run it again.
pub(super) struct Hub {
    region: PathBuf,
    data: PathBuf,
    log: PathBuf,
    secrets: Vec<(&'static str, String)>,
    pub(super) intake: SocketAddr,
    pub(super) ops: SocketAddr,
    child: Option<Child>,
}

impl Hub {
    /// A hub over that region, not yet running. Its ports are free at this moment.
    pub(super) fn new(
        home: &Path,
        region: PathBuf,
        secrets: Vec<(&'static str, String)>,
    ) -> Result<Self, Failed> {
        let (intake, ops) = (ports::free()?, ports::free()?);
        let (data, log) = (home.join("data"), home.join("hub.log"));
        Ok(Self { region, data, log, secrets, intake, ops, child: None })
    }

    /// The folder of what it keeps.
    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    /// Starts it and waits until it is ready.
    pub(super) async fn start(&mut self, http: &Client) -> Result<(), Failed> {
        self.child = Some(self.command()?.spawn()?);
        let url = format!("http://{}/readyz", self.ops);
        let child = &mut self.child;
        let ready = async || {
            if let Some(status) = child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
                return Err(Failed::new(format!("the hub has ended with {status}")));
            }
            let answer = http.get(&url).timeout(Duration::from_secs(2)).send().await;
            Ok(answer.is_ok_and(|answer| answer.status().is_success()).then_some(()))
        };
        let outcome = until("the hub to be ready", ready).await;
        outcome.map_err(|failed| Failed::new(format!("{failed}\n{}", self.last_words())))
    }

    /// Ends it as a power cut would: SIGKILL, no time to tidy up.
    pub(super) fn kill(&mut self) -> Result<(), Failed> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// The end of its log.
    pub(super) fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    fn command(&self) -> Result<Command, Failed> {
        let mut command = Command::new(std::env::current_exe()?);
        // Settings of the person's own environment are for her own hub.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("LUOTSI_") {
                command.env_remove(name);
            }
        }
        command.arg("serve").arg("--region").arg(&self.region).arg("--data").arg(&self.data);
        command.args(["--intake", &self.intake.to_string(), "--ops", &self.ops.to_string()]);
        command.envs(self.secrets.iter().map(|(name, secret)| (name, secret)));
        command.env_remove("OTEL_EXPORTER_OTLP_ENDPOINT");
        let log = self.open_log()?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(command)
    }

    fn open_log(&self) -> std::io::Result<File> {
        OpenOptions::new().create(true).append(true).open(&self.log)
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        // Whatever ends the demo ends the hub: it may be gone already, which is as well.
        drop(self.kill());
    }
}
