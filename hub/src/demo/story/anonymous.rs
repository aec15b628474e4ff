//! A contact without a client: counted, answered, joined to nobody.

use jiff::Timestamp;
use serde_json::json;

use super::{line, text};
use crate::demo::{
    Failed, papers,
    stage::Step,
    standins::{Status, Webhook},
    world::World,
};

const REFERENCE: &str = "Y-2026-0001";
const QUESTION: &str = "Onko leskille omaa ryhmää?";
const REPLY: &str = "On, tiistaisin kello 13. Saa tulla ilmoittautumatta.";

pub(super) async fn tell(world: &mut World, step: &mut Step) -> Result<(), Failed> {
    step.say(
        "A question on the chat. There is no client, so no register and nothing to consent to.",
    );
    let counted = counts(world).await?;
    let accepted = world.guidance_sends(&papers::question(REFERENCE, QUESTION)).await?;
    let find = |all: &[Webhook]| all.iter().find(|w| w.body["type"] == "contact.asked").cloned();
    let webhook = world.provider.received().until("the question at Malli ry", find).await?;
    let now = || Timestamp::now().to_string();
    let taken = json!({ "task": webhook.id, "status": "accepted", "at": now() });
    world.provider_answers(&taken).await?;
    let done = json!({ "task": webhook.id, "status": "completed", "note": REPLY, "at": now() });
    let reply = world.provider_answers(&done).await?;
    let find = |all: &[Status]| {
        all.iter().find(|s| s.reference == REFERENCE && s.task == "valmis").cloned()
    };
    let status = world.guidance.received().until("the reply at the guidance system", find).await?;
    let journey = world.delivered(&accepted.message).await?;
    let reply = world.delivered(&reply.message).await?;
    let grown = counts(world).await?;

    step.row("malli-ry has", &format!("“{}”", text(&webhook.body, "/data/question")));
    step.row("serena has", &format!("Tila: {} is “{}”: “{}”", REFERENCE, status.task, status.note));
    for delivery in &journey.deliveries {
        step.row(&format!("  {}", delivery.destination), &line(&journey, delivery));
    }
    step.row(
        "counted",
        &format!(
            "messages of serena {} → {}; sends without a subject {} → {}",
            counted.0, grown.0, counted.1, grown.1
        ),
    );
    step.fact("question", text(&webhook.body, "/data/question"));
    step.fact("reply", status.note.as_str());
    step.fact("messages_before_and_after", json!([counted.0, grown.0]));
    step.claim(
        text(&webhook.body, "/data/question") == QUESTION && status.note == REPLY,
        "it is asked and answered, and nobody on the way learnt who",
    );
    step.claim(
        grown.0 - counted.0 == 1.0 && grown.1 - counted.1 == 1.0,
        "/metrics counts it: one message more, one send without a subject",
    );
    let nobody = journey.envelope.subject.is_none() && reply.envelope.subject.is_none();
    step.claim(
        nobody && journey.to("plan").is_none() && reply.to("plan").is_none(),
        "neither the question nor the reply joins a client or a plan",
    );
    Ok(())
}

/// Messages accepted from the guidance system; sends permitted for want of a subject.
async fn counts(world: &World) -> Result<(f64, f64), Failed> {
    let accepted = [r#"connection="serena""#, r#"stage="accept""#, r#"outcome="ok""#];
    let messages = world.metric("luotsi_messages", &accepted).await?;
    let decided = [r#"basis="no-subject""#, r#"decision="permit""#];
    Ok((messages, world.metric("luotsi_consent_decisions", &decided).await?))
}
