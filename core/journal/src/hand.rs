//! The journal's steps in somebody's hand: for a simulation, which says when each is made and how it
//! ends, and in which the same steps must leave the same trail.

use std::{future::Future, pin::Pin, sync::Arc};

use tokio::sync::Mutex;

use crate::{
    Error,
    writer::{Alone, Deed},
};

/// One step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// A command: applied, and committed by itself.
    Write,
    /// A question.
    Read,
}

/// Makes the step, on the thread of whoever calls it.
pub type Make<'a> = Box<dyn FnOnce() -> Result<(), Error> + Send + 'a>;

/// Makes steps, or does not. Commands come in the order in which they were given, each when the one
/// before has been made or dropped.
pub trait Hand: Send + Sync + 'static {
    /// Carries one step to its end, and gives what the asker is told. An error without the step's
    /// having been made means that nothing of it was done.
    fn carry<'a>(
        &'a self,
        step: Step,
        make: Make<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;
}

/// What stands in the place of the writer's thread and of the readers'.
#[derive(Clone)]
pub(crate) struct ByHand {
    hand: Arc<dyn Hand>,
    /// Fair, so that commands keep their order.
    writer: Arc<Mutex<Alone>>,
}

impl ByHand {
    pub(crate) fn new(hand: Arc<dyn Hand>, writer: Alone) -> Self {
        Self { hand, writer: Arc::new(Mutex::new(writer)) }
    }

    /// As on the writer's thread, a command goes on when nobody waits for it any more.
    pub(crate) async fn write<R: Send + 'static>(&self, mut deed: Deed<R>) -> Result<R, Error> {
        let Self { hand, writer } = self.clone();
        let run = async move {
            let mut writer = writer.lock_owned().await;
            let make = || writer.commit(&mut deed);
            hand.carry(Step::Write, Box::new(make)).await?;
            deed.outcome()
        };
        tokio::spawn(run).await.map_err(|_| Error::Stopped)?
    }

    pub(crate) async fn read<T: Send>(
        &self,
        ask: impl FnOnce() -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        let mut answer = None;
        let make = || {
            answer = Some(ask()?);
            Ok(())
        };
        self.hand.carry(Step::Read, Box::new(make)).await?;
        answer.ok_or(Error::Stopped)
    }
}
