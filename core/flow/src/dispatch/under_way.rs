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
    pub(super) async fn next(&mut self) -> Option<Returned> {
        match self.tasks.join_next_with_id().await {
            Some(joined) => self.settle(joined).await,
            None => std::future::pending().await,
        }
    }

    /// One that has come back already.
    pub(super) async fn next_now(&mut self) -> Option<Returned> {
        let joined = self.tasks.try_join_next_with_id()?;
        self.settle(joined).await
    }

    /// Waits for all of them, at most `limit`; whether all came back.
    pub(super) async fn drain(&mut self, limit: Duration) -> bool {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        tokio::time::timeout(limit, all).await.is_ok()
    }

    async fn settle(&mut self, joined: Result<(Id, Next), JoinError>) -> Option<Returned> {
        match joined {
            Ok((id, next)) => {
                let (key, item) = self.held.remove(&id)?;
                Some((key, item.seq, next))
            }
            Err(error) => {
                let (key, item) = self.held.remove(&error.id())?;
                self.sender.bury_defect(&item).await;
                Some((key, item.seq, Next::Done))
            }
        }
    }
}
