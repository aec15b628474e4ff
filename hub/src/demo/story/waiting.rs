//! A referral without a basis waits for one.

use super::line;
use crate::{
    command::{layout::after, ops::Journey},
    demo::{Failed, papers, people::Person, stage::Step, standins::Webhook, world::World},
};

const REFERRAL: &str = "L-2026-0002";
const CONSENT: &str = "S-2026-0002";

pub(super) async fn tell(world: &mut World, step: &mut Step) -> Result<(), Failed> {
    step.say(
        "Eino was referred in a hurry. Home care, of the same register, may have it at once; Malli \
         ry may not before he consents.",
    );
    let eino = Person::eino();
    let accepted = world.guidance_sends(&papers::referral(REFERRAL, &eino)).await?;
    let at_rest = |journey: &Journey| {
        journey.deliveries.iter().all(|d| matches!(d.state.as_str(), "delivered" | "waiting"))
    };
    let message = &accepted.message;
    let journey = world.journey_until(message, "the referral to wait", at_rest).await?;
    let waits = state(&journey, "malli-ry") == "waiting";
    let has_it = |all: &[Webhook]| all.iter().find(|w| w.text.contains(&eino.given)).cloned();
    let came_early = has_it(&world.provider.received().all()).is_some();
    for delivery in &journey.deliveries {
        step.row(&format!("  {}", delivery.destination), &line(&journey, delivery));
    }
    let why = world.why(message, "malli-ry").await?;
    let would = why.steps.iter().find_map(|clause| clause.would_permit.clone()).unwrap_or_default();
    step.row("would permit", &would);
    step.claim(
        waits && !came_early && state(&journey, "home-care") == "delivered",
        "it waits for Malli ry, seen and undelivered, while the others have it",
    );
    let consent = world.guidance_sends(&papers::consent(CONSENT, &eino)).await?;
    let journey = world.delivered(message).await?;
    let webhook = world.provider.received().until("Eino's referral at Malli ry", has_it).await?;
    let consented = world.journey_until(&consent.message, "the consent", |_| true).await?;
    let last = journey.to("malli-ry").and_then(|d| d.entries.last());
    let delay = last.map(|entry| after(consented.envelope.received, entry.at)).unwrap_or_default();
    step.row("he consents", &format!("and Malli ry has it {delay} after the consent came"));
    step.fact("message", message.as_str());
    step.fact("after_consent", delay);
    step.claim(
        webhook.text.contains(&eino.phone) && state(&journey, "malli-ry") == "delivered",
        "the consent releases it, and nobody had to send it again",
    );
    Ok(())
}

fn state<'j>(journey: &'j Journey, to: &str) -> &'j str {
    journey.to(to).map_or("not routed there", |delivery| delivery.state.as_str())
}
