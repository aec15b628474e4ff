//! Hands a delivery to a person whatever it was at.

use jiff::Timestamp;
use luotsi_model::DeliveryId;

use super::{Command, advance, recall};
use crate::{Error, State, engine::params, read, session::Session};

/// Ends a delivery as a dead letter because the hub itself failed over it. An intent that stands
/// open is closed as `failed`: its data may have been shown.
pub struct Bury {
    /// The delivery.
    pub delivery: DeliveryId,
    /// Now.
    pub at: Timestamp,
    /// Why. Names no value.
    pub cause: String,
}

impl Command for Bury {
    /// Whether it had not ended yet.
    type Reply = bool;

    fn apply(&self, connection: &Session) -> Result<bool, Error> {
        let open = read::open_intents(connection)?;
        let intent = open.iter().find(|entry| entry.delivery == Some(self.delivery));
        if let Some(intent) = intent {
            advance::log(connection, &intent.outcome(self.at, "failed"))?;
        }
        let buried = connection.execute(
            "update delivery set state = ?2, due = ?3, cause = ?4, attempts = attempts + ?5
                 where id = ?1 and state < 10",
            params![
                self.delivery.0.as_bytes(),
                State::Dead,
                self.at.as_microsecond(),
                self.cause,
                intent.is_some(),
            ],
        )?;
        let seq: Option<i64> = connection.first(
            "select seq from delivery where id = ?1 and state = ?2",
            params![self.delivery.0.as_bytes(), State::Dead],
            |row| row.get(0),
        )?;
        if let Some(seq) = seq.filter(|_| buried > 0) {
            recall::notice_failed(connection, seq, State::Dead, Some(&self.cause))?;
        }
        Ok(buried > 0)
    }
}
