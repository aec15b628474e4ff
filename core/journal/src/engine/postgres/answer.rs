//! Waiting for an answer, on a thread that may be a runtime's, and not for ever.
//!
//! A server that was stopped, or a middle box that forgot the connection, keeps the socket open and
//! says nothing: TCP itself never notices.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake},
    thread::{self, Thread},
    time::{Duration, Instant},
};

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

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits on this thread, without a bound where there is none.
pub(super) fn wait<T>(
    bound: Option<Duration>,
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Failure> {
    let (waker, since) = (Arc::new(Unpark(thread::current())).into(), Instant::now());
    let (mut context, mut answer) = (Context::from_waker(&waker), pin!(answer));
    loop {
        if let Poll::Ready(answer) = answer.as_mut().poll(&mut context) {
            return answer.map_err(Failure::Told);
        }
        match bound {
            None => thread::park(),
            Some(bound) => match bound.checked_sub(since.elapsed()) {
                Some(left) => thread::park_timeout(left),
                None => return Err(Failure::Silent(bound)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_has_an_end_and_an_answer_from_elsewhere_is_heard() {
        let bound = Some(Duration::from_millis(20));
        let never = std::future::pending::<Result<(), tokio_postgres::Error>>();
        assert!(matches!(wait(bound, never), Err(Failure::Silent(_))));
        let (tell, told) = tokio::sync::oneshot::channel();
        thread::spawn(move || tell.send(7));
        assert!(matches!(wait(None, async { Ok(told.await.unwrap_or(0)) }), Ok(7)));
    }
}
