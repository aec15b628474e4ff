//! What each recipient really got of the one message.

use serde_json::Value;

use super::{text, withheld};
use crate::demo::{Failed, people::Person, stage::Step, standins::Webhook, world::World};

pub(super) async fn tell(world: &mut World, step: &mut Step) -> Result<(), Failed> {
    step.say("Read back from the systems that received it, not from what was sent.");
    let aino = Person::aino();
    let find =
        |all: &[Webhook]| all.iter().find(|w| w.body["type"] == "referral.requested").cloned();
    let webhook = world.provider.received().until("Malli ry's webhook", find).await?;
    let data = &webhook.body["data"];
    step.row(
        "malli-ry has",
        &format!(
            "{} {}, {}; “{}” Goal: “{}”",
            text(data, "/client/givenName"),
            text(data, "/client/familyName"),
            text(data, "/client/phone"),
            text(data, "/need"),
            text(data, "/goals/0/text"),
        ),
    );
    let journey = world.delivered(&world.told.referral).await?;
    let held = withheld(&journey, "malli-ry");
    step.withheld("  held back", &held);
    step.fact("malli_ry", data.clone());
    step.fact("withheld_from_malli_ry", held.clone());
    let first = |all: &[crate::demo::standins::Parcel]| all.first().cloned();
    let parcel = world.home_care.received().until("home care's bundle", first).await?;
    let bundle = parcel.bundle.to_string();
    home_care(step, &parcel.bundle);
    step.withheld("  held back", &withheld(&journey, "home-care"));
    let plan = world.plan(&aino).await?.unwrap_or_default();
    let activity = text(&plan, "/activity/0/detail/description");
    step.row("the plan has", &format!("peer support, requested: “{activity}”"));
    step.fact("plan", plan.clone());

    let has = |value: &str| webhook.text.contains(value);
    step.claim(
        has(&aino.given) && has(&aino.phone) && has(&aino.need),
        "Malli ry has her name, her phone number and what she hopes for",
    );
    step.claim(
        !has(&aino.health) && !has(&aino.hetu) && held.iter().any(|field| field == "health"),
        "not a byte of the health note went to Malli ry, though her consent names health: a \
         consent only narrows what the policy lets an association have. Nor did her identity code, \
         for which Malli ry's mapping has no place",
    );
    step.claim(
        bundle.contains(&aino.health) && bundle.contains(&aino.hetu),
        "home care, of the same register, has both, of the same message",
    );
    step.claim(activity == aino.need, "her plan has its entry, read as a FHIR CarePlan");
    let forged = forge(world, &webhook).await?;
    step.claim(
        forged == 401 && world.provider.forged() == 1,
        "the same webhook with another body is refused by Malli ry: its signature does not hold",
    );
    world.told.task = webhook.id;
    Ok(())
}

fn home_care(step: &mut Step, bundle: &Value) {
    let of = |kind: &str| {
        let entries = bundle["entry"].as_array().into_iter().flatten();
        let resources = entries.map(|entry| &entry["resource"]);
        resources.into_iter().find(|r| r["resourceType"] == kind).cloned().unwrap_or_default()
    };
    let (patient, request) = (of("Patient"), of("ServiceRequest"));
    let contained = request["contained"].as_array().into_iter().flatten();
    let notes: Vec<_> = contained
        .filter(|resource| resource["resourceType"] == "Observation")
        .map(|o| format!("{}: “{}”", text(o, "/code/text"), text(o, "/valueString")))
        .collect();
    let identifiers = patient["identifier"].as_array().into_iter().flatten();
    let code = identifiers.filter(|i| i["system"] == "urn:oid:1.2.246.21");
    let code = code.map(|i| text(i, "/value")).next().unwrap_or("—");
    step.row(
        "home-care has",
        &format!(
            "{} {}, {code}, {}; “{}” {}",
            text(&patient, "/name/0/given/0"),
            text(&patient, "/name/0/family"),
            text(&patient, "/address/0/line/0"),
            text(&request, "/reasonCode/0/text"),
            notes.join(" "),
        ),
    );
}

/// The webhook with its own id and another body: what somebody on the way might make of it.
async fn forge(world: &World, webhook: &Webhook) -> Result<u16, Failed> {
    let url = format!("http://{}/hooks", world.provider.address());
    let now = jiff::Timestamp::now().as_second();
    let request = world.http.post(url).header("webhook-id", &webhook.id);
    let request = request.header("webhook-timestamp", now);
    let request = request.header("webhook-signature", "v1,c2lnbmVkIGJ5IG5vYm9keQ==");
    let body = webhook.text.replace("referral.requested", "referral.forged");
    Ok(request.body(body).send().await?.status().as_u16())
}
