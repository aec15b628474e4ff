//! Records that a person looked.

use super::{Command, advance};
use crate::{Entry, Error, session::Session};

/// An entry of the use log, durable before what was asked for is shown.
pub struct Used(pub Entry);

impl Command for Used {
    type Reply = ();

    fn apply(&self, connection: &Session) -> Result<(), Error> {
        advance::log(connection, &self.0)
    }
}
