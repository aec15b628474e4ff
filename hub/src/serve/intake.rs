//! The intake listener: `POST /in/{connection}` and the FHIR API, behind one stack of limits.

use std::{sync::Arc, time::Duration};

use axum::{
    BoxError, Json, Router,
    body::Body,
    error_handling::HandleErrorLayer,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use luotsi_flow::{Incoming, Receipt, RowReceipt, Taken};
use luotsi_mapping::Format;
use luotsi_region::Region;
use serde::Serialize;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

use super::{auth, fhir, problem::Problem, state::App};

/// Requests under way at once; beyond this the sender is asked to come back.
const UNDER_WAY_MAX: usize = 1024;
/// How long one request may take, its body included.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);
/// An `Idempotency-Key` longer than this is no key.
const KEY_LENGTH_MAX: usize = 255;

/// Says that the answer is that of before, and that nothing was taken in again.
const REPEATED: HeaderName = HeaderName::from_static("luotsi-repeated");

/// The listener's routes.
pub(super) fn router(app: Arc<App>) -> Router {
    let limits = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(overloaded))
        .load_shed()
        .concurrency_limit(UNDER_WAY_MAX)
        .timeout(REQUEST_TIME_MAX)
        .layer(CatchPanicLayer::custom(panicked));
    Router::new()
        .route("/in/{connection}", post(receive))
        .nest("/fhir/R4", fhir::router())
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(limits)
        .with_state(app)
}

async fn overloaded(error: BoxError) -> Problem {
    let timed_out = error.is::<tower::timeout::error::Elapsed>();
    let (code, title) = if timed_out {
        ("timeout", "The request took too long")
    } else {
        ("overloaded", "Too much at once: try again")
    };
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, title)
}

/// A panic is a defect of the hub: nothing was accepted, and its text may hold anything.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a request handler panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "defect", "The hub has failed").into_response()
}

/// What a sender gets for a document of one record.
#[derive(Serialize)]
struct Accepted {
    message: String,
    status: &'static str,
    #[serde(flatten)]
    known: Known,
}

/// What a sender gets for a table of several rows.
#[derive(Serialize)]
struct AllAccepted {
    status: &'static str,
    rows: Vec<Row>,
}

/// One of them.
#[derive(Serialize)]
struct Row {
    /// The line where it begins; a workbook's row.
    row: usize,
    message: String,
    #[serde(flatten)]
    known: Known,
}

/// What is known of a message once it is accepted.
#[derive(Serialize)]
struct Known {
    deliveries: usize,
    /// For a directive: sends about the client that were under way. Only those can still arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_flight: Option<u32>,
    /// Elements that no mapping rule knows, where the connection accepts such.
    #[serde(skip_serializing_if = "Option::is_none")]
    unmapped: Option<usize>,
}

impl From<&Receipt> for Known {
    fn from(receipt: &Receipt) -> Self {
        Self {
            deliveries: receipt.deliveries,
            in_flight: receipt.in_flight,
            unmapped: (receipt.unmapped > 0).then_some(receipt.unmapped),
        }
    }
}

/// The answer; whether it was given before, under the same key, stands beside it.
fn accepted(taken: &Taken) -> Response {
    let status = "accepted";
    let (is_repeat, mut response) = match taken {
        Taken::One(receipt) => {
            let message = receipt.message.to_string();
            let body = Json(Accepted { message, status, known: receipt.into() });
            (receipt.is_repeat, (StatusCode::ACCEPTED, body).into_response())
        }
        Taken::Rows(rows) => {
            let row = |taken: &RowReceipt| Row {
                row: taken.row,
                message: taken.receipt.message.to_string(),
                known: (&taken.receipt).into(),
            };
            let body = Json(AllAccepted { status, rows: rows.iter().map(row).collect() });
            let is_repeat = rows.iter().all(|row| row.receipt.is_repeat);
            (is_repeat, (StatusCode::ACCEPTED, body).into_response())
        }
    };
    if is_repeat {
        response.headers_mut().insert(REPEATED, HeaderValue::from_static("true"));
    }
    response
}

async fn receive(
    State(app): State<Arc<App>>,
    Path(connection): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let region = app.flow.region();
    let system = auth::sender(&region, &connection, &headers)?;
    let (format, bytes_max) = intake_limits(&region, &system)?;
    check_media_type(&headers, format)?;
    let key = idempotency_key(&headers)?;
    let body = read_body(body, bytes_max).await?;
    let incoming = Incoming {
        system: &system,
        body: &body,
        idempotency_key: key,
        traceparent: header(&headers, "traceparent"),
        plan: None,
    };
    match app.flow.accept_all(incoming).await {
        Ok(taken) => Ok(accepted(&taken)),
        Err(refused) => Err(Problem::from(&refused)),
    }
}

/// The format that a connection sends, and how much at once.
pub(super) fn intake_limits(
    region: &Region,
    system: &luotsi_model::SystemId,
) -> Result<(Format, usize), Problem> {
    let intake = region.connection(system).and_then(|c| c.intake.as_ref());
    intake.map(|i| (i.format, i.bytes_max)).ok_or_else(Problem::unauthorized)
}

pub(super) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| !key.is_empty() && key.len() <= KEY_LENGTH_MAX);
    let wrong = || {
        Problem::new(StatusCode::BAD_REQUEST, "bad-idempotency-key", "Not an Idempotency-Key")
            .detail("send 1 to 255 visible ASCII characters, the same for the same message")
    };
    key.map(Some).ok_or_else(wrong)
}

/// A missing media type is taken for the connection's own; another one is refused unread.
pub(super) fn check_media_type(headers: &HeaderMap, format: Format) -> Result<(), Problem> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    check_media_type_of(value.to_str().unwrap_or_default(), format)
}

pub(super) fn check_media_type_of(text: &str, format: Format) -> Result<(), Problem> {
    let text = text.to_ascii_lowercase();
    let (essence, parameters) = text.split_once(';').unwrap_or((&text, ""));
    let (essence, name) = (essence.trim(), format.name());
    let (wanted, charset) =
        format.media_type().split_once("; charset=").unwrap_or((format.media_type(), "utf-8"));
    let fits = essence == wanted
        || essence == format!("application/{name}")
        || essence == format!("text/{name}")
        || essence.ends_with(&format!("+{name}"));
    let given = parameters.split(';').find_map(|p| p.trim().strip_prefix("charset="));
    // An HL7 v2 message says its character set itself.
    let is_told = format == Format::Hl7;
    let is_charset =
        |given: &str| is_told || given == charset || (given == "utf8" && charset == "utf-8");
    if fits && given.is_none_or(|given| is_charset(given.trim_matches('"'))) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        "This connection does not speak that",
    )
    .detail(match is_told {
        true => format!("send {wanted}"),
        false => format!("send {wanted}, {}", charset.to_ascii_uppercase()),
    }))
}

pub(super) async fn read_body(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    axum::body::to_bytes(body, bytes_max).await.map_err(|_| too_large(bytes_max))
}

pub(super) fn too_large(bytes_max: usize) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The document is too large")
        .detail(format!("this connection takes up to {bytes_max} bytes; or the body broke off"))
}
