//! A system around the hub, as far as the hub can see one: an HTTP server that keeps every byte.

use std::{
    io::Write,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    dice::Dice,
    http::{self, Header},
    wait::LONG,
};

/// How a stand-in meets a delivery. Probes (GET, HEAD) are always met with 200.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// It answers with this status.
    Answer(u16),
    /// It says nothing until its manner changes.
    Hold,
    /// It takes its time, up to so long, and fails once in so many.
    Shaky {
        /// The longest it takes.
        pause_max: Duration,
        /// How seldom it answers 503 instead of 200.
        once_in: u64,
    },
}

/// One request, or what came of one.
#[derive(Clone, Debug)]
pub struct Received {
    /// When its first byte came, in µs since 1970.
    pub at: i64,
    /// `POST`…; empty when the request broke off before its end.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The headers, in order.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Vec<u8>,
    /// Every byte of it.
    pub bytes: Vec<u8>,
    /// The status it was, or would have been, answered with; 0: not yet.
    pub answered: u16,
    /// The door it came by; 0: the first.
    pub door: usize,
}

impl Received {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        http::find(&self.headers, name)
    }

    /// The delivery it carries: the id that a recipient drops repeats by.
    pub fn delivery(&self) -> Option<&str> {
        ["webhook-id", "idempotency-key", "x-request-id"].iter().find_map(|name| self.header(name))
    }

    /// Everything but the body: the request line and the headers, as they came.
    pub fn head(&self) -> &[u8] {
        &self.bytes[..self.bytes.len().saturating_sub(self.body.len())]
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// Whether it is a notice to stop processing what came before.
    pub fn is_notice(&self) -> bool {
        String::from_utf8_lossy(&self.bytes).contains("processing.stop")
    }

    fn is_delivery(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD")
    }
}

/// A stand-in. It ends with the test's process.
#[derive(Clone)]
pub struct StandIn {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    doors: usize,
    manner: Manner,
    dice: Dice,
    received: Vec<Received>,
}

impl StandIn {
    /// Starts one on a free port; it answers 200.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn start() -> Self {
        let (manner, dice) = (Manner::Answer(200), Dice::of(0));
        let state = State { doors: 0, manner, dice, received: Vec::new() };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let address = open(&shared);
        Self { address, shared }
    }

    /// Opens another door, so that it can be told who came. The first one has number 0.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn door(&self) -> SocketAddr {
        open(&self.shared)
    }

    /// Changes its manner, also towards those it holds.
    pub fn be(&self, manner: Manner) {
        self.shared.state().manner = manner;
        self.shared.changed.notify_all();
    }

    /// From where its random choices come.
    pub fn throw(&self, dice: Dice) {
        self.shared.state().dice = dice;
    }

    /// Every delivery of a record so far, whole or broken off. Notices to stop processing are none:
    /// they hold nothing, and come beside them.
    pub fn received(&self) -> Vec<Received> {
        let state = self.shared.state();
        state.received.iter().filter(|r| r.is_delivery() && !r.is_notice()).cloned().collect()
    }

    /// The deliveries from the nth on, in order.
    pub fn received_from(&self, nth: usize) -> Vec<Received> {
        let state = self.shared.state();
        state
            .received
            .iter()
            .filter(|r| r.is_delivery() && !r.is_notice())
            .skip(nth)
            .cloned()
            .collect()
    }

    /// How many deliveries there are so far.
    pub fn count(&self) -> u64 {
        self.shared.state().received.iter().filter(|r| r.is_delivery() && !r.is_notice()).count()
            as u64
    }

    /// Every request so far, probes too.
    pub fn everything(&self) -> Vec<Received> {
        self.shared.state().received.clone()
    }

    /// The first delivery that is wanted, as soon as it has come.
    ///
    /// # Panics
    /// When none comes for [`LONG`].
    #[track_caller]
    pub fn wait(&self, what: &str, wanted: impl Fn(&Received) -> bool) -> Received {
        let end = Instant::now() + LONG;
        let mut state = self.shared.state();
        loop {
            let whole = |r: &&Received| r.is_delivery() && !r.method.is_empty();
            if let Some(found) = state.received.iter().filter(whole).find(|r| wanted(r)) {
                return found.clone();
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{what}: did not come within {LONG:?}");
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn open(shared: &Arc<Shared>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound port has an address");
    let door = shared.state().doors;
    shared.state().doors += 1;
    let serving = shared.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let shared = serving.clone();
            thread::spawn(move || shared.converse(stream, door));
        }
    });
    address
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes requests from one connection until it ends.
    fn converse(&self, mut stream: TcpStream, door: usize) {
        loop {
            let mut bytes = Vec::new();
            let mut at = 0;
            let read = http::read_request(&mut stream, &mut bytes, || at = now());
            let arrived = read.ok().flatten();
            let whole = arrived.is_some();
            if !whole && bytes.is_empty() {
                return;
            }
            let http::Arrived { method, path, headers, body } = arrived.unwrap_or_default();
            let received = Received { at, method, path, headers, body, bytes, answered: 0, door };
            // A recipient that fails may well repeat what it was sent: the hub must not pass that on.
            let echo = received.body.clone();
            let status = self.receive(received, whole);
            let echo = if status < 400 { &[][..] } else { &echo };
            let length = echo.len();
            let head = format!("HTTP/1.1 {status} Stand-in\r\ncontent-length: {length}\r\n\r\n");
            if !whole || stream.write_all(&[head.as_bytes(), echo].concat()).is_err() {
                return;
            }
        }
    }

    /// Keeps the request and gives the status it is to be answered with.
    fn receive(&self, received: Received, whole: bool) -> u16 {
        let is_probe = whole && !received.is_delivery();
        let mut state = self.state();
        let place = state.received.len();
        state.received.push(received);
        self.changed.notify_all();
        if is_probe || !whole {
            return 200;
        }
        while state.manner == Manner::Hold {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let status = match state.manner {
            Manner::Answer(status) => status,
            Manner::Hold => 503,
            Manner::Shaky { pause_max, once_in } => {
                let pause = state.dice.within(0..1 + pause_max.as_micros() as u64);
                let status = if state.dice.once_in(once_in) { 503 } else { 200 };
                let end = Instant::now() + Duration::from_micros(pause);
                while let Some(left) = end.checked_duration_since(Instant::now()) {
                    let waited = self.changed.wait_timeout(state, left);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                status
            }
        };
        state.received[place].answered = status;
        status
    }
}

/// µs since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
