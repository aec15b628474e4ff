//! A region's cases: the whole way of a document, through the hub itself.

mod case;
mod judge;
mod stage;

use std::{path::Path, sync::Arc, time::Instant};

use luotsi_model::Diagnostic;
use luotsi_region::Region;
use tokio::runtime::{Builder, Runtime};

use super::{
    Coverage, Exit, Failure, Ran,
    find::{files, head},
};
use case::Case;
use stage::Stage;

/// Where a region's cases are played.
pub(super) struct Theatre {
    region: Arc<Region>,
    runtime: Runtime,
}

impl Theatre {
    pub(super) fn open(region: &Arc<Region>) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| cannot(&error.to_string()))?;
        Ok(Self { region: region.clone(), runtime })
    }

    /// Plays one; or what is wrong with its head.
    pub(super) fn run(
        &self,
        dir: &Path,
        coverage: &mut Coverage,
    ) -> Result<Result<Ran, Vec<Diagnostic>>, Failure> {
        let started = Instant::now();
        let case = match Case::read(&head(dir), files(dir)?, &self.region) {
            Ok(case) => case,
            Err(found) => return Ok(Err(found)),
        };
        let played = self.runtime.block_on(async {
            let stage = Stage::open(self.region.clone(), case.head.at).await?;
            let played = stage.play(&case, coverage).await;
            stage.close().await;
            played
        });
        let played = played.map_err(|why| cannot(&format!("{}: {why}", dir.display())))?;
        let verdict = judge::judge(&case, &played);
        let ran = Ran::new(&self.region.name, dir, &case.head.says, started);
        Ok(Ok(ran.with(verdict.0, verdict.1)))
    }
}

fn cannot(why: &str) -> Failure {
    Failure::new(Exit::Usage, "the case cannot be played")
        .why(why)
        .mend("see that the folder for temporary files can be written, and that the case is whole")
}
