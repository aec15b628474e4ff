//! A person lets go what was held because its document had what no rule knows.

use luotsi_bus::Wake;
use luotsi_journal::{Error, command::Release};
use luotsi_model::{MessageId, SystemId};

use crate::Flow;

impl Flow {
    /// Releases the held deliveries of a message, with `only` those to that system alone. Each is
    /// then decided as any send is, on the directives of that moment. Gives how many; nothing where
    /// there is no such message.
    ///
    /// # Errors
    /// When the journal cannot be written; nothing was released then.
    pub async fn release(
        &self,
        message: MessageId,
        only: Option<SystemId>,
    ) -> Result<Option<usize>, Error> {
        let at = self.clock.now();
        let (bus, relay) = (self.bus.clone(), self.relay.clone());
        let tell = move |released: &Option<Vec<SystemId>>| {
            let destinations = released.iter().flatten();
            destinations.for_each(|destination| bus.publish(destination, Wake::Journal));
            relay.ring();
        };
        let released = self.journal.write_then(Release { message, only, at }, tell).await?;
        Ok(released.map(|released| released.len()))
    }
}
