//! The answer comes back by the same door.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{arrival::REFERRAL, line, text};
use crate::demo::{Failed, people::Person, stage::Step, standins::Status, world::World};

pub(super) async fn tell(world: &mut World, step: &mut Step) -> Result<(), Failed> {
    step.say(
        "Malli ry answers the task it was given, in its own JSON. It names nobody: the hub knows \
         the client by the task, and the sender by its own reference.",
    );
    let task = world.told.task.clone();
    let answer = json!({ "task": task, "status": "accepted", "at": Timestamp::now().to_string() });
    let accepted = world.provider_answers(&answer).await?;
    let find = |all: &[Status]| all.iter().find(|status| status.reference == REFERRAL).cloned();
    let status = world.guidance.received().until("the guidance system to hear", find).await?;
    let journey = world.delivered(&accepted.message).await?;
    let plan = world.plan(&Person::aino()).await?.unwrap_or_default();
    let (performer, state) = progress(&plan, &task);
    step.row(
        "serena has",
        &format!("Tila: {} is “{}”, by {}", status.reference, status.task, status.performer),
    );
    step.row("the plan has", &format!("progress: {state}, by {performer}"));
    for delivery in &journey.deliveries {
        step.row(&format!("  {}", delivery.destination), &line(&journey, delivery));
    }
    step.fact("tila", status.task.as_str());
    step.fact("progress", state);
    step.claim(
        status.task == "hyvaksytty" && status.performer == "malli-ry",
        "the guidance system hears of it in its own language, under its own reference",
    );
    step.claim(state == "accepted" && performer == "malli-ry", "so does her plan");
    let unknown = json!({ "task": accepted.message, "status": "accepted" });
    let back = json!({ "task": task, "status": "rejected", "reason": "too late" });
    let refusals = (world.provider_tries(&back).await?, world.provider_tries(&unknown).await?);
    step.claim(
        refusals == (409, 404),
        "what is accepted cannot be rejected afterwards (409), and what is no task of Malli ry's \
         cannot be answered by it (404)",
    );
    Ok(())
}

/// Who said what of the task, as the plan has it.
fn progress<'p>(plan: &'p Value, task: &str) -> (&'p str, &'p str) {
    let activities = plan["activity"].as_array().into_iter().flatten();
    let mut rows = activities.flat_map(|a| a["progress"].as_array().into_iter().flatten());
    let row = rows.find(|row| row["id"] == task);
    row.map_or(("nobody", "—"), |row| (text(row, "/authorString"), text(row, "/text")))
}
