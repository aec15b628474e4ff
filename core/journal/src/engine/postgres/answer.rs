//! Why a statement has no answer.
//!
//! A server that was stopped, or a middle box that forgot the connection, keeps the socket open and
//! says nothing: TCP itself never notices.

use std::time::Duration;

use super::failed;
use crate::Error;

/// Why a statement has no answer.
pub(super) enum Failure {
    /// The server, or what leads to it, told.
    Told(tokio_postgres::Error),
    /// Nobody said anything for so long.
    Silent(Duration),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Told(error) => failed(&error),
            Failure::Silent(long) => silent(long),
        }
    }
}

pub(super) fn silent(long: Duration) -> Error {
    Error::Storage(format!("the server has not answered for {} s", long.as_secs()))
}
