//! A consent is taken back while a message is on its way.

use serde_json::json;

use super::arrival::CONSENT;
use crate::{
    command::{layout::count, ops::Journey, trace::reason},
    demo::{
        Failed, papers,
        people::Person,
        stage::Step,
        standins::{Status, Webhook},
        world::World,
    },
};

const REFERRAL: &str = "L-2026-0003";
const WITHDRAWAL: &str = "P-2026-0001";
/// The webhook that says so.
const STOP: &str = "processing.stop";

pub(super) async fn tell(world: &mut World, step: &mut Step) -> Result<(), Failed> {
    step.say(
        "Malli ry's server is down when a second referral for Aino comes. The hub tries again and \
         again. Then Aino withdraws her consent, and the server comes back.",
    );
    let aino = Person::aino();
    let before = world.provider.received().all().len();
    world.provider.go_down().await;
    let accepted = world.guidance_sends(&papers::referral(REFERRAL, &aino)).await?;
    let message = accepted.message;
    let tried = |journey: &Journey| journey.to("malli-ry").is_some_and(|d| d.attempts > 1);
    let journey = world.journey_until(&message, "two attempts to fail", tried).await?;
    let delivery = journey.to("malli-ry").cloned();
    let (attempts, cause) = delivery.map(|d| (d.attempts, d.cause)).unwrap_or_default();
    step.row(
        "malli-ry is down",
        &format!("{} failed: {}", count(attempts as usize, "attempt"), cause.unwrap_or_default()),
    );
    let withdrawal = papers::withdrawal(WITHDRAWAL, &aino, CONSENT);
    let receipt = world.guidance_sends(&withdrawal).await?;
    let in_flight = receipt.in_flight.unwrap_or_default();
    step.row("she withdraws", &format!("accepted; {in_flight} sends about her were under way"));
    let ended = |journey: &Journey| journey.to("malli-ry").is_some_and(|d| d.state == "refused");
    let journey = world.journey_until(&message, "the delivery to end refused", ended).await?;
    world.provider.come_back().await?;
    let stop = |all: &[Webhook]| all.iter().find(|hook| hook.body["type"] == STOP).cloned();
    let stop = world.provider.received().until("Malli ry to be told to stop", stop).await?;
    let notice = json!({ "task": stop.body["data"]["task"], "status": "accepted" });
    world.provider_answers(&notice).await?;
    let open = world.open_deliveries(Some("malli-ry")).await?;
    let came = world.provider.received().all().split_off(before);
    let recalled = came.iter().filter(|hook| hook.body["type"] == STOP).count();
    let came = came.len() - recalled;
    step.row(
        "malli-ry is back",
        &format!("{came} webhooks came; {open} deliveries to it are open"),
    );
    step.row(
        "malli-ry has",
        &format!("{STOP}: what it received as {}; it acknowledges", world.told.task),
    );
    let recalls = world.ops.get("/api/recalls", &[]).await?;
    let why = world.why(&message, "malli-ry").await?;
    let because = why.reason.as_deref().unwrap_or_default();
    step.row("luotsi why", &format!("{}: {}", why.decision, reason(because)));
    for clause in why.steps.iter().filter(|clause| clause.clause.starts_with("directive")) {
        step.row("", &format!("✗ {}: {}", clause.clause, clause.said));
    }
    let find = |all: &[Status]| all.iter().find(|status| status.reference == REFERRAL).cloned();
    let told = world.guidance.received().until("the guidance system to hear", find).await?;
    step.row(
        "serena has",
        &format!("Tila: {} is “{}”: {}", told.reference, told.task, told.reason),
    );
    step.fact("message", message.as_str());
    step.fact("attempts", attempts);
    step.fact("reason", because);
    step.claim(attempts > 1, "the referral was on its way, and was tried while she consented");
    step.claim(
        ended(&journey) && came == 0 && open == 0,
        "after her withdrawal nothing reaches Malli ry, now or later: the delivery has ended",
    );
    step.claim(
        recalled == 1
            && stop.body["data"]["received"] == *world.told.task
            && !aino.is_in(&stop.text)
            && recalls.as_array().is_some_and(|all| {
                all.len() == 1 && all.iter().all(|recall| recall["state"] == "acknowledged")
            }),
        "for what it had received before, it is told to stop, by the reference it holds and not a \
         word of her; the hub knows that it has acknowledged",
    );
    step.claim(
        why.decision == "deny" && because == "withdrawn",
        "asked why, the hub names the directive and its withdrawal",
    );
    step.claim(
        told.task == "hylatty" && told.performer == "luotsi" && told.reason.contains(CONSENT),
        "its sender hears of it from the hub; the reason only since it recorded the consent itself",
    );
    world.told.withdrawn = message;
    Ok(())
}
