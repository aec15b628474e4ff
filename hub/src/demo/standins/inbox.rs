//! What a stand-in has received, in order.

use tokio::sync::watch;

use crate::demo::{Failed, world::PATIENCE};

/// Everything received so far; whoever waits for something in it is woken by each arrival.
pub(in crate::demo) struct Inbox<T>(watch::Sender<Vec<T>>);

impl<T: Clone> Inbox<T> {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }

    /// Puts in what `make` makes, which may look at what there is.
    pub(super) fn put(&self, make: impl FnOnce(&[T]) -> T) {
        self.0.send_modify(|all| {
            let item = make(all);
            all.push(item);
        });
    }

    /// Everything so far.
    pub(in crate::demo) fn all(&self) -> Vec<T> {
        self.0.borrow().clone()
    }

    /// Waits until `find` finds something, or for too long.
    pub(in crate::demo) async fn until<R>(
        &self,
        what: &str,
        find: impl Fn(&[T]) -> Option<R>,
    ) -> Result<R, Failed> {
        let mut arrivals = self.0.subscribe();
        let wait = async {
            loop {
                let found = find(&arrivals.borrow_and_update());
                if let Some(found) = found {
                    return found;
                }
                // The sender is `self`: it outlives the wait.
                drop(arrivals.changed().await);
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .map_err(|_| Failed::new(format!("waited {} s in vain for {what}", PATIENCE.as_secs())))
    }
}
