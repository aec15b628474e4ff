//! The hub under test: a child process, started and killed as an operator or a power cut would.

use std::{
    fs::{self, File, OpenOptions},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use serde_json::Value;

use crate::{
    http::{Answer, Request},
    journal::Journal,
    paths, wait, webhook,
};

/// Lines of the log that a failed test shows.
const SHOWN: usize = 40;

/// A hub with a data folder of its own.
pub struct Hub {
    /// Where systems come in.
    pub intake: SocketAddr,
    /// Where operations look.
    pub ops: SocketAddr,
    /// Where it keeps things.
    pub data: PathBuf,
    region: PathBuf,
    log: PathBuf,
    environment: Vec<(String, String)>,
    child: Mutex<Option<Child>>,
}

impl Hub {
    /// A hub for the region, with everything else below `home`. It does not run yet.
    pub fn new(home: &Path, region: PathBuf, environment: Vec<(String, String)>) -> Self {
        Self {
            intake: free(),
            ops: free(),
            data: home.join("data"),
            region,
            log: home.join("luotsi.log"),
            environment,
            child: Mutex::new(None),
        }
    }

    /// The command that serves.
    ///
    /// # Panics
    /// When the log cannot be written.
    pub fn command(&self) -> Command {
        let log = OpenOptions::new().create(true).append(true).open(&self.log);
        let log = log.expect("a writable folder");
        let again = log.try_clone().expect("a file handle");
        let mut command = Command::new(paths::luotsi());
        for (name, _) in std::env::vars() {
            if name.starts_with("LUOTSI_") || name.starts_with("OTEL_") {
                command.env_remove(name);
            }
        }
        command.arg("serve").arg("--region").arg(&self.region).arg("--data").arg(&self.data);
        command.arg("--intake").arg(self.intake.to_string());
        command.arg("--ops").arg(self.ops.to_string());
        for system in ["ASIOINTI", "MALLI_KERHO", "MALLI_KULJETUS", "MALLI_RY"] {
            command.env(format!("LUOTSI_SECRET_{system}"), webhook::SECRET);
        }
        command.env("LUOTSI_SECRET_SERENA", "the-guidance-systems-own-token");
        command.envs(self.environment.iter().cloned());
        command.stdout(log).stderr(again);
        command
    }

    /// Starts it and waits for nothing.
    ///
    /// # Panics
    /// When the binary does not run.
    pub fn spawn(&self) {
        *self.child() = Some(self.command().spawn().expect("the hub's binary runs"));
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    #[track_caller]
    pub fn start(&self) {
        self.spawn();
        wait::holds("the hub is ready", || {
            let ended = self.child().as_mut().and_then(|child| child.try_wait().ok().flatten());
            assert!(ended.is_none(), "the hub ended, {ended:?}:\n{}", self.tail());
            self.ask("/readyz").is_ok_and(|answer| answer.status == 200)
        });
    }

    /// Ends it with SIGKILL, wherever it is.
    ///
    /// # Panics
    /// When it does not run.
    pub fn kill(&self) {
        let mut child = self.child().take().expect("the hub runs");
        child.kill().expect("a child may be killed");
        child.wait().expect("a child can be waited for");
    }

    /// Ends it with SIGTERM, and gives its exit.
    ///
    /// # Panics
    /// When it does not run, or does not end.
    #[track_caller]
    pub fn terminate(&self) -> ExitStatus {
        self.signal("-TERM");
        let mut child = self.child().take().expect("the hub runs");
        wait::until("the hub ends", || child.try_wait().ok().flatten())
    }

    /// Stops it in its tracks with SIGSTOP: its sockets stay, and nothing of it runs.
    ///
    /// # Panics
    /// When it does not run.
    pub fn halt(&self) {
        self.signal("-STOP");
    }

    /// Lets it run on after [`Self::halt`].
    ///
    /// # Panics
    /// When it does not run.
    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    /// Tells it by SIGHUP to look at its region again.
    ///
    /// # Panics
    /// When it does not run.
    pub fn hang_up(&self) {
        self.signal("-HUP");
    }

    fn signal(&self, signal: &str) {
        let id = self.child().as_ref().expect("the hub runs").id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().expect("kill(1)");
        assert!(sent.success());
    }

    /// Runs it where it is expected to refuse to: its exit code and all it said.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn refuses(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let _new_log = File::create(&self.log).expect("a writable folder");
        let mut child = self.command().args(arguments).spawn().expect("the hub's binary runs");
        let status = wait::until("the hub refuses to start", || child.try_wait().ok().flatten());
        (status.code(), self.log())
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything it has said on standard output and standard error.
    pub fn log(&self) -> String {
        fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    fn tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(SHOWN)..].join("\n")
    }

    /// Its journal, read beside it.
    pub fn journal(&self) -> Journal {
        Journal::open(&self.data.join("luotsi.db"))
    }

    /// Posts a document as a system.
    ///
    /// # Panics
    /// When there is no answer.
    #[track_caller]
    pub fn post(&self, system: &str, document: &str) -> Answer {
        let path = format!("/in/{system}");
        self.send(&Request::new("POST", &path).bearer(&token(system)).body(document.as_bytes()))
    }

    /// The same with an idempotency key.
    ///
    /// # Errors
    /// When there is no answer, so that nobody knows whether it was accepted.
    pub fn post_keyed(&self, system: &str, key: &str, document: &str) -> std::io::Result<Answer> {
        let path = format!("/in/{system}");
        let request = Request::new("POST", &path).bearer(&token(system));
        request.header("idempotency-key", key).body(document.as_bytes()).send(self.intake)
    }

    /// The same for a sender that does not wait for longer.
    ///
    /// # Errors
    /// When there is no answer in time.
    pub fn post_keyed_within(
        &self,
        long: Duration,
        system: &str,
        key: &str,
        document: &str,
    ) -> std::io::Result<Answer> {
        let path = format!("/in/{system}");
        let request = Request::new("POST", &path).bearer(&token(system));
        let request = request.header("idempotency-key", key).body(document.as_bytes());
        request.send_within(long, self.intake)
    }

    /// Posts a document that must be accepted, and gives its message.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn accept(&self, system: &str, document: &str) -> String {
        let answer = self.post(system, document).expect(202).json();
        answer["message"].as_str().expect("a receipt names the message").to_owned()
    }

    /// Sends a request to the intake listener.
    ///
    /// # Panics
    /// When there is no answer.
    #[track_caller]
    pub fn send(&self, request: &Request<'_>) -> Answer {
        request.send(self.intake).unwrap_or_else(|e| panic!("no answer: {e}\n{}", self.tail()))
    }

    /// Asks the ops listener, without a token.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn ask(&self, path: &str) -> std::io::Result<Answer> {
        Request::new("GET", path).send(self.ops)
    }

    /// Asks the ops API.
    ///
    /// # Panics
    /// When there is no answer.
    #[track_caller]
    pub fn api(&self, method: &str, path: &str, body: &str) -> Answer {
        let token = fs::read_to_string(self.data.join("ops.token")).expect("an ops token");
        let path = format!("/api{path}");
        let request = Request::new(method, &path).bearer(token.trim()).body(body.as_bytes());
        request.header("content-type", "application/json").send(self.ops).expect("an answer")
    }

    /// A message's journey.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn journey(&self, message: &str) -> Value {
        self.api("GET", &format!("/messages/{message}"), "").expect(200).json()
    }

    /// Where a message stands on its way to one system.
    ///
    /// # Panics
    /// When it was not routed there.
    #[track_caller]
    pub fn delivery(&self, message: &str, to: &str) -> Value {
        let journey = self.journey(message);
        let all = journey["deliveries"].as_array().expect("a list");
        let own = all.iter().find(|delivery| delivery["destination"] == to);
        own.unwrap_or_else(|| panic!("not routed to {to}: {journey:#}")).clone()
    }

    /// The same once it stands in `state`.
    ///
    /// # Panics
    /// When it never does.
    #[track_caller]
    pub fn reaches(&self, message: &str, to: &str, state: &str) -> Value {
        wait::until(&format!("{state} at {to}"), || {
            Some(self.delivery(message, to)).filter(|delivery| delivery["state"] == state)
        })
    }

    /// The metrics' text.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn metrics(&self) -> String {
        self.ask("/metrics").expect("an answer").expect(200).text()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        if let Some(mut child) = self.child().take() {
            // It may have ended by itself; there is nothing to do about it here.
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("the hub said last:\n{}", self.tail());
        }
    }
}

/// The token of a system of the demo region.
pub fn token(system: &str) -> String {
    format!("demo-{system}-token")
}

/// A port that nobody has. It lies below those that the kernel hands out for outgoing connections,
/// so that the hub finds it free again after a kill; each process starts at another place.
fn free() -> SocketAddr {
    const FIRST: u16 = 12_000;
    const COUNT: u16 = 20_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % u32::from(COUNT)) as u16;
    wait::until("a free port", || {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (start.wrapping_mul(37).wrapping_add(step)) % COUNT;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        TcpListener::bind(address).is_ok().then_some(address)
    })
}
