//! Erases what the hub keeps of a client, by erasing the keys that it is sealed under.

use luotsi_journal::{
    Entry, Error,
    command::{Erase, Erased, Pends},
};
use luotsi_model::{ClientRef, SystemId};

use crate::{Flow, inspect::Asked};

impl Flow {
    /// Makes every payload about `client` unreadable, for good. Her directives stay, since they must
    /// go on holding, and so does the log, which tells that `who` erased.
    ///
    /// # Errors
    /// When the journal cannot be written, or not be rid of every copy yet: then ask again.
    pub async fn erase(
        &self,
        who: &SystemId,
        client: ClientRef,
    ) -> Result<Result<Erased, Pends>, Error> {
        let used = self.use_of(who, &Asked::Erasure(client.clone()));
        let entry = Entry { client: Some(client.clone()), ..used };
        self.journal.erase(Erase { client, at: self.clock.now(), entry }).await
    }
}
