//! Takes the records of one file in, each as a message of its own: all of them, or none.

use super::{
    Command,
    accept::{Accept, Accepted, Digests, Rejected},
    repeat,
};
use crate::{Error, session::Session};

/// The messages of one file.
pub struct AcceptAll {
    /// In the order of the file, all from one sender; their own `idempotency` is not asked.
    pub messages: Vec<Accept>,
    /// The digests of the file and of the key that it is known by.
    pub idempotency: Digests,
}

/// Why nothing of a file was taken in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AllRejected {
    /// The key was used with another body.
    KeyReused,
    /// These messages cannot be taken in.
    Messages(Rejections),
}

/// Refusals, by the number of the message from 0.
type Rejections = Vec<(usize, Rejected)>;

impl Command for AcceptAll {
    type Reply = Result<Vec<Accepted>, AllRejected>;

    fn apply(&self, connection: &Session) -> Result<Self::Reply, Error> {
        let Some(first) = self.messages.first() else { return Ok(Ok(Vec::new())) };
        let source = &first.envelope.source;
        if let Some(earlier) = repeat::earlier(connection, source, &self.idempotency)? {
            return Ok(earlier.map_err(|_| AllRejected::KeyReused));
        }
        // What was written before a refusal is undone, and the group's other commands stay.
        connection.execute("savepoint file", &[])?;
        let (accepted, rejected) = self.take(connection)?;
        if !rejected.is_empty() {
            connection.execute("rollback to file", &[])?;
            connection.execute("release file", &[])?;
            return Ok(Err(AllRejected::Messages(rejected)));
        }
        repeat::remember(
            connection,
            source,
            &self.idempotency,
            &accepted,
            first.envelope.received,
        )?;
        connection.execute("release file", &[])?;
        Ok(Ok(accepted))
    }
}

impl AcceptAll {
    /// Goes on after a refusal, so that all are told at once.
    fn take(&self, connection: &Session) -> Result<(Vec<Accepted>, Rejections), Error> {
        let (mut accepted, mut rejected) = (Vec::new(), Vec::new());
        for (at, message) in self.messages.iter().enumerate() {
            match message.take(connection)? {
                Ok(taken) => accepted.push(taken),
                Err(why) => rejected.push((at, why)),
            }
        }
        Ok((accepted, rejected))
    }
}
