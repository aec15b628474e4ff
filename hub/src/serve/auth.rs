//! Who is calling. Settled before a byte of the body is read.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use luotsi_model::SystemId;
use luotsi_region::Region;

use super::problem::Problem;

/// The bearer token of a request.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The connection of that name, if the caller shows its token. An unknown name and a wrong token
/// look the same.
pub(super) fn sender(
    region: &Region,
    name: &str,
    headers: &HeaderMap,
) -> Result<SystemId, Problem> {
    let system = SystemId::new(name);
    let intake = region.connection(&system).and_then(|connection| connection.intake.as_ref());
    let admitted =
        intake.zip(bearer(headers)).is_some_and(|(intake, token)| intake.admits(token.as_bytes()));
    if admitted { Ok(system) } else { Err(Problem::unauthorized()) }
}

/// The connection whose token the caller shows.
pub(super) fn reader(region: &Region, headers: &HeaderMap) -> Option<SystemId> {
    let token = bearer(headers)?.as_bytes();
    let admits = |c: &&luotsi_region::Connection| {
        c.intake.as_ref().is_some_and(|intake| intake.admits(token))
    };
    region.connections.values().find(admits).map(|connection| connection.system.clone())
}
