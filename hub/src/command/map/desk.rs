//! `luotsi map --serve`: the same as a page on this machine, with an editor.
//!
//! It is for one person at this machine. Other pages in her browser, and other users of the machine,
//! must get nothing: it listens on loopback, its addresses begin with a random word, and it answers
//! only requests that were made for this address and from its own pages.

mod guard;
mod html;
mod page;
mod save;
mod shelf;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use axum::{
    Form, Router,
    extract::{DefaultBodyLimit, Query, State},
    http::{HeaderValue, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use tokio::runtime::Builder;

use super::{Exit, Failure};
use guard::Guard;
use shelf::Shelf;

/// What a sender knows besides the record; made up, and always the same, so that results compare.
const CONTEXT: [(&str, &str); 6] = [
    ("$delivery", "0192f3c4-5a00-7000-8000-000000000001"),
    ("$message", "0192f3c4-5a00-7000-8000-00000000000a"),
    ("$client", "c-0001"),
    ("$now", "2026-11-14T07:31:00Z"),
    ("$source", "serena"),
    ("$original", "0192f3c4-5a00-7000-8000-000000000002"),
];

/// A sample and a mapping; more is nobody's.
const BODY_BYTES_MAX: usize = 4 << 20;

/// What the page serves from.
pub(super) struct Desk {
    shelf: Shelf,
    guard: Guard,
}

/// What is on the desk: one mapping, one sample.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Work {
    /// Pack and name.
    pub(super) mapping: String,
    /// The mapping file's text, as edited.
    pub(super) rules: String,
    /// What it was when it was taken up: another's change in between is not written over.
    pub(super) base: String,
    /// The sample's text, and the name it is known by.
    pub(super) document: String,
    pub(super) sample: String,
    /// `in` or `out`.
    pub(super) way: String,
    /// The mapping that writes the result.
    pub(super) to: String,
    pub(super) lenient: bool,
    /// For a case.
    pub(super) case: String,
    pub(super) says: String,
    /// Only the views are wanted, not the page around them.
    pub(super) part: bool,
}

/// What is asked for by address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    mapping: String,
    sample: String,
    way: String,
}

/// Serves until it is interrupted.
pub(super) fn run(
    root: PathBuf,
    files: Vec<PathBuf>,
    first: Option<&str>,
    listen: SocketAddr,
) -> Result<Exit, Failure> {
    if !listen.ip().is_loopback() {
        return Err(Failure::new(Exit::Usage, format!("{listen} is not on this machine"))
            .why("the page shows samples and writes cases: it is for the one who started it")
            .mend("name a loopback address: --listen 127.0.0.1:0"));
    }
    let shelf = Shelf::new(root, files, first)?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| cannot(&error.to_string()))?;
    runtime.block_on(serve(shelf, listen))
}

async fn serve(shelf: Shelf, listen: SocketAddr) -> Result<Exit, Failure> {
    let bound = tokio::net::TcpListener::bind(listen).await;
    let bound = bound.map_err(|error| cannot(&format!("{listen}: {error}")))?;
    let address = bound.local_addr().map_err(|error| cannot(&error.to_string()))?;
    let guard = Guard::new(address).map_err(|why| cannot(&why))?;
    println!("http://{address}/{}/", guard.word());
    eprintln!("Open it in a browser on this machine; Ctrl-C ends it.");
    let desk = Arc::new(Desk { shelf, guard });
    let served = axum::serve(bound, router(desk)).with_graceful_shutdown(async {
        // Without signals it ends with its process.
        let _ = tokio::signal::ctrl_c().await;
    });
    served.await.map_err(|error| cannot(&error.to_string()))?;
    Ok(Exit::Ok)
}

fn router(desk: Arc<Desk>) -> Router {
    let word = desk.guard.word().to_owned();
    let at = |path: &str| format!("/{word}/{path}");
    Router::new()
        .route(&at(""), get(open).post(show))
        .route(&at("save"), post(save_rules))
        .route(&at("case"), post(save_case))
        .route(&at("desk.css"), get(async || asset("text/css", include_str!("desk/desk.css"))))
        .route(&at("desk.js"), get(async || asset("text/javascript", include_str!("desk/desk.js"))))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(desk.clone(), guard::admit))
        .with_state(desk)
}

async fn open(State(desk): State<Arc<Desk>>, Query(asked): Query<Asked>) -> Response {
    let work = desk.shelf.take(&asked.mapping, &asked.sample, &asked.way);
    html(page::whole(&desk.shelf, &work, &work_out(&desk, &work), None))
}

async fn show(State(desk): State<Arc<Desk>>, Form(work): Form<Work>) -> Response {
    answer(&desk, &work, None)
}

async fn save_rules(State(desk): State<Arc<Desk>>, Form(work): Form<Work>) -> Response {
    let said = save::rules(&desk.shelf, &work);
    answer(&desk, &work, Some(&said))
}

async fn save_case(State(desk): State<Arc<Desk>>, Form(work): Form<Work>) -> Response {
    let said = save::case(&desk, &work);
    answer(&desk, &work, Some(&said))
}

fn answer(desk: &Desk, work: &Work, said: Option<&save::Said>) -> Response {
    let views = work_out(desk, work);
    html(match work.part {
        true => page::part(&views, said),
        false => page::whole(&desk.shelf, work, &views, said),
    })
}

/// What comes of the work: the views, or what is wrong with the mapping.
fn work_out(desk: &Desk, work: &Work) -> Result<super::View, Vec<page::Finding>> {
    let edited = desk.shelf.ground_with(work);
    let ground = &edited.ground;
    let Some(mapping) = ground.mappings.get(&work.mapping) else {
        return Err(page::Finding::of(&edited, &desk.shelf.path(&work.mapping)));
    };
    let to = ground.mappings.get(&work.to).unwrap_or(mapping);
    let document = work.document.as_bytes();
    Ok(match &*work.way {
        "out" => super::View::reverse(ground, mapping, document, &CONTEXT),
        _ => super::View::forward(ground, mapping, to, document, work.lenient, &CONTEXT),
    })
}

fn html(text: String) -> Response {
    let mut response = text.into_response();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

fn cannot(why: &str) -> Failure {
    Failure::new(Exit::Usage, "the page cannot be served")
        .why(why)
        .mend("name a free port with --listen 127.0.0.1:PORT, or leave it out")
}
