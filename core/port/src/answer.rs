//! What an HTTP recipient's answer means, the same for every adapter that speaks HTTP.

use std::time::Duration;

use crate::{Receipt, SendError};

/// Reads an answer: 2xx is a receipt; 408, 425, 429 and 5xx may go better later; anything else
/// will not, since the same document would get the same answer.
///
/// # Errors
/// [`SendError`], by status alone: a recipient's error text may repeat what it was sent.
pub fn classify(response: Result<reqwest::Response, reqwest::Error>) -> Result<Receipt, SendError> {
    let response = response.map_err(|e| broken(&e))?;
    let status = response.status();
    if status.is_success() {
        return Ok(Receipt { answer: status.as_u16().to_string() });
    }
    let why = format!("the recipient answered {}", status.as_u16());
    if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) {
        return Err(SendError::Retry { why, after: retry_after(&response), reached: true });
    }
    Err(SendError::Reject { why })
}

/// Whether a probe found anyone: any answer but a server's failure will do.
///
/// # Errors
/// When there was no answer.
pub fn reached(response: Result<reqwest::Response, reqwest::Error>) -> Result<(), SendError> {
    let response = response.map_err(|e| broken(&e))?;
    let status = response.status().as_u16();
    if matches!(status, 502..=504) {
        return Err(SendError::retry(format!("the recipient answered {status}")));
    }
    Ok(())
}

/// Only the delay form of `Retry-After`, capped at a day; a date would need a clock here.
fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let text = response.headers().get("retry-after")?.to_str().ok()?;
    text.parse().ok().map(|seconds: u64| Duration::from_secs(seconds.min(86_400)))
}

/// The kind of failure; never the URL, which may carry what an operator put into it. Only a failed
/// connection is known to have let nothing through.
fn broken(error: &reqwest::Error) -> SendError {
    if error.is_connect() {
        SendError::unreached("the recipient could not be reached")
    } else if error.is_timeout() {
        SendError::retry("the recipient did not answer in time")
    } else {
        SendError::retry("the connection to the recipient broke")
    }
}
