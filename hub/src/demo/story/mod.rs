//! The story, a step a file. Every step claims what must be so, and the first that fails ends it.

mod anonymous;
mod answer;
mod arrival;
mod crash;
mod minimum;
mod report;
mod waiting;
mod withdrawal;

use super::{
    Failed,
    stage::{Stage, Step},
    world::World,
};
use crate::command::{
    Failure,
    layout::after,
    ops::{Delivery, Journey},
    trace::{ground, reason},
};
use luotsi_journal::{Entry, Phase};

/// Tells it all; whether everything held.
pub(super) async fn tell(world: &mut World, stage: &mut Stage) -> Result<bool, Failure> {
    Ok(play(world, stage, 1, "A referral is made for Aino", arrival::tell).await?
        && play(world, stage, 2, "Each gets what it may have, and no more", minimum::tell).await?
        && play(world, stage, 3, "Malli ry accepts, and whoever asked hears", answer::tell).await?
        && play(world, stage, 4, "Somebody asks and says not who", anonymous::tell).await?
        && play(world, stage, 5, "Eino's referral comes before his consent", waiting::tell).await?
        && play(world, stage, 6, "Aino changes her mind", withdrawal::tell).await?
        && play(world, stage, 7, "The power goes", crash::tell).await?
        && play(world, stage, 8, "Aino asks who has seen her data", report::tell).await?)
}

async fn play(
    world: &mut World,
    stage: &Stage,
    number: usize,
    title: &'static str,
    tell: impl AsyncFnOnce(&mut World, &mut Step) -> Result<(), Failed>,
) -> Result<bool, Failure> {
    let mut step = stage.step(number, title)?;
    let told = tell(world, &mut step).await;
    stage.end(step, told)
}

/// A delivery in a line: on what ground, what became of it, when.
fn line(journey: &Journey, delivery: &Delivery) -> String {
    let intent = delivery.entries.iter().find(|entry| entry.phase == Phase::Intent);
    let ended = delivery.entries.last();
    let when = ended.map(|entry| after(journey.envelope.received, entry.at)).unwrap_or_default();
    let grounds = intent.map(|entry| entry.grounds.as_slice()).unwrap_or_default();
    let grounds: Vec<_> = grounds.iter().map(ground).collect();
    match (delivery.state.as_str(), grounds.is_empty()) {
        (state, false) => format!("{state} {when}: {}", grounds.join("; ")),
        (state, true) => {
            let cause = delivery.cause.as_deref().map(reason).unwrap_or_default();
            format!("{state} {when}: {cause}")
        }
    }
}

/// The fields that the latest intent towards a system held back.
fn withheld(journey: &Journey, to: &str) -> Vec<String> {
    let entries = journey.to(to).map(|delivery| delivery.entries.as_slice()).unwrap_or_default();
    let intent = entries.iter().rev().find(|entry| entry.phase == Phase::Intent);
    intent.map(|entry: &Entry| entry.withheld.clone()).unwrap_or_default()
}

/// Texts of a JSON value below `pointer`, `—` where there is none.
fn text<'v>(value: &'v serde_json::Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or("—")
}
