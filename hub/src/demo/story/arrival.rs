//! A consent, then a referral: accepted, mapped, routed, decided, delivered.

use std::time::Instant;

use super::line;
use crate::demo::{Failed, papers, people::Person, stage::Step, world::World};

/// The references that the guidance system gives.
pub(super) const CONSENT: &str = "S-2026-0001";
pub(super) const REFERRAL: &str = "L-2026-0001";

pub(super) async fn tell(world: &mut World, step: &mut Step) -> Result<(), Failed> {
    step.say(
        "A service guide records that Aino consents to Malli ry, for peer support, and refers her \
         there. His system speaks Serena-style XML and knows nothing of the other two.",
    );
    let aino = Person::aino();
    let consent = papers::consent(CONSENT, &aino);
    world.guidance_sends(&consent).await?;
    let referral = papers::referral(REFERRAL, &aino);
    let started = Instant::now();
    let accepted = world.guidance_sends(&referral).await?;
    let took = started.elapsed();
    let again = world.guidance_sends(&referral).await?;
    let journey = world.delivered(&accepted.message).await?;
    let accounting = &journey.accounting;
    step.row(
        "accepted",
        &format!(
            "{} bytes, durable and acknowledged in {} ms",
            referral.xml.len(),
            took.as_millis()
        ),
    );
    step.row(
        "mapped",
        &format!(
            "{} elements; {} ignored, with a written reason; {} unmapped",
            accounting.mapped,
            accounting.ignored,
            accounting.unmapped.len()
        ),
    );
    let to: Vec<_> = journey.deliveries.iter().map(|d| d.destination.as_str()).collect();
    step.row("routed", &format!("“{}”, to {}", accounting.routes.join("”, “"), to.join(", ")));
    for delivery in &journey.deliveries {
        step.row(&format!("  {}", delivery.destination), &line(&journey, delivery));
    }
    step.fact("message", accepted.message.as_str());
    step.fact("mapped", accounting.mapped);
    step.fact("unmapped", accounting.unmapped.len());
    step.fact("deliveries", accepted.deliveries);
    step.claim(
        accounting.mapped > 0 && accounting.unmapped.is_empty(),
        "every element of the document is accounted for",
    );
    step.claim(to == ["malli-ry", "home-care", "plan"], "three recipients have it");
    step.claim(
        again.message == accepted.message,
        "sent again under the same idempotency key, it is the same message and not a second one",
    );
    world.told.referral = accepted.message;
    Ok(())
}
