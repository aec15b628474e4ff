//! The sends under way, each a task of its own.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::task::{Id, JoinError, JoinSet};

use super::lanes::LaneKey;
use crate::send::{Item, Next, Sender};

/// What came back: the lane it holds, its place, and what is next for it.
pub(super) type Returned = (LaneKey, i64, Next);

/// A send that panics is a defect of ours. It must neither take its lane with it nor come round for
/// ever, so it is handed to a person.
pub(super) struct UnderWay {
    sender: Arc<Sender>,
    tasks: JoinSet<Next>,
    held: HashMap<Id, (LaneKey, Item)>,
}

impl UnderWay {
    pub(super) fn new(sender: Sender) -> Self {
        Self { sender: Arc::new(sender), tasks: JoinSet::new(), held: HashMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    pub(super) fn start(&mut self, key: LaneKey, item: Item) {
        let sender = self.sender.clone();
        let sent = item.clone();
        let task = self.tasks.spawn(async move { sender.attempt(sent).await });
        self.held.insert(task.id(), (key, item));
    }

    /// The next to come back; never resolves while none is under way. Cancelling it loses nothing.
    pub(super) async fn next(&mut self) -> Returned {
        loop {
            let Some(joined) = self.tasks.join_next_with_id().await else {
                std::future::pending().await
            };
            if let Some(returned) = self.settle(joined) {
                return returned;
            }
        }
    }

    /// One that has come back already.
    pub(super) fn next_now(&mut self) -> Option<Returned> {
        let joined = self.tasks.try_join_next_with_id()?;
        self.settle(joined)
    }

    /// Waits for all of them, at most `limit`; whether all came back.
    pub(super) async fn drain(&mut self, limit: Duration) -> bool {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        tokio::time::timeout(limit, all).await.is_ok()
    }

    fn settle(&mut self, joined: Result<(Id, Next), JoinError>) -> Option<Returned> {
        let id = joined.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let (key, item) = self.held.remove(&id)?;
        match joined {
            Ok((_, next)) => Some((key, item.seq, next)),
            Err(_) => {
                self.bury(key, item);
                None
            }
        }
    }

    /// Its lane is held until the journal has it with the dead letters.
    fn bury(&mut self, key: LaneKey, item: Item) {
        let (sender, buried) = (self.sender.clone(), item.clone());
        let task = self.tasks.spawn(async move { sender.bury_defect(&buried).await });
        self.held.insert(task.id(), (key, item));
    }
}
