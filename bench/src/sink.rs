//! The receiving side: an HTTP server that takes any POST or PUT and remembers the id in it.
//!
//! `GET /stats` and `GET /ids` tell what arrived, `DELETE /ids` forgets it.

use std::{
    convert::Infallible,
    net::{SocketAddr, TcpListener as StdListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, time::sleep};

use crate::{
    error::Error,
    options::SinkOptions,
    register::{Register, find_id},
    wall_us,
};

/// Rest after a connection could not be accepted, as when file descriptors have run out.
const ACCEPT_REST: Duration = Duration::from_millis(50);

type Answer = Response<Full<Bytes>>;

struct Sink {
    keys: Vec<String>,
    answer: StatusCode,
    delay: Duration,
    fault: Option<Fault>,
    share: f64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    register: Register,
    /// Deliveries so far, for spreading the faults evenly.
    deliveries: u64,
}

/// What is done to the share of deliveries that is not taken.
#[derive(Clone, Copy)]
enum Fault {
    Refuse(StatusCode),
    Hang,
}

/// Starts a sink on a thread of its own, until the process ends, and says where it listens.
///
/// # Errors
/// [`Error::Io`] when the address cannot be listened on.
pub fn start(options: &SinkOptions) -> Result<SocketAddr, Error> {
    let failed = |why| Error::io(format!("listening on {}", options.listen), why);
    let listener = StdListener::bind(options.listen).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let listener = {
        let _context = runtime.enter();
        TcpListener::from_std(listener).map_err(failed)?
    };
    let sink = Arc::new(Sink::new(options)?);
    thread::spawn(move || runtime.block_on(serve(listener, sink)));
    Ok(address)
}

async fn serve(listener: TcpListener, sink: Arc<Sink>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            sleep(ACCEPT_REST).await;
            continue;
        };
        // A failure shows as an answer that the other side misses; there is nothing to do here.
        let _ = stream.set_nodelay(true);
        let sink = Arc::clone(&sink);
        tokio::spawn(async move {
            let service = service_fn(move |request| Arc::clone(&sink).answer(request));
            let mut server = http1::Builder::new();
            let server = server.timer(TokioTimer::new()).header_read_timeout(None);
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Sink {
    fn new(options: &SinkOptions) -> Result<Self, Error> {
        let status = |option, code| {
            let wrong = |_| Error::Option { option, why: "is no HTTP status".to_owned() };
            StatusCode::from_u16(code).map_err(wrong)
        };
        let refuse = options.refuse.map(|code| status("--refuse", code)).transpose()?;
        Ok(Self {
            keys: options.id_keys.clone(),
            answer: status("--answer", options.answer)?,
            delay: options.delay,
            fault: refuse.map(Fault::Refuse).or(options.hang.then_some(Fault::Hang)),
            share: options.share,
            state: Mutex::default(),
        })
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Answer, Infallible> {
        let answer = match (request.method(), request.uri().path()) {
            (&Method::POST | &Method::PUT, _) => self.deliver(request.into_body()).await,
            (&Method::GET, "/stats") => json(&self.state().register.stats()),
            (&Method::GET, "/ids") => json(&self.state().register.arrivals()),
            (&Method::DELETE, "/ids") => {
                *self.state() = State::default();
                empty(StatusCode::NO_CONTENT)
            }
            _ => empty(StatusCode::NOT_FOUND),
        };
        Ok(answer)
    }

    async fn deliver(&self, body: Incoming) -> Answer {
        let Ok(body) = body.collect().await else { return empty(StatusCode::BAD_REQUEST) };
        let fault = self.receive(&body.to_bytes());
        if !self.delay.is_zero() {
            sleep(self.delay).await;
        }
        match fault {
            None => empty(self.answer),
            Some(Fault::Refuse(status)) => empty(status),
            Some(Fault::Hang) => std::future::pending().await,
        }
    }

    fn receive(&self, body: &[u8]) -> Option<Fault> {
        let id = find_id(body, &self.keys);
        let mut state = self.state();
        let fault = self.fault.filter(|_| state.fault_is_due(self.share));
        match fault {
            None => state.register.take(id, wall_us()),
            Some(Fault::Refuse(_)) => state.register.refuse(),
            Some(Fault::Hang) => state.register.hang(),
        }
        fault
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fault_is_due(&mut self, share: f64) -> bool {
        let due = |deliveries: u64| (deliveries as f64 * share).floor();
        self.deliveries += 1;
        due(self.deliveries) > due(self.deliveries - 1)
    }
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

fn json(value: &impl serde::Serialize) -> Answer {
    match serde_json::to_vec(value) {
        Ok(body) => Response::new(Full::from(body)),
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}
