//! SIGKILL with messages in flight: nothing accepted is lost, and a repeat is seen for what it is.

use std::collections::{BTreeMap, HashSet};

use futures::future::try_join_all;
use serde_json::json;

use crate::demo::{
    Failed, papers,
    people::Person,
    stage::Step,
    standins::Webhook,
    world::{World, until},
};

const CLIENTS: usize = 10;
const EACH: usize = 5;
/// So many Malli ry answers before it grows silent, leaving the next ones on the wire.
const ANSWERED: usize = 12;

pub(super) async fn tell(world: &mut World, step: &mut Step) -> Result<(), Failed> {
    step.say(
        "Ten consenting clients, five referrals each. Malli ry answers the first twelve and then \
         takes webhooks in without a word, so some are on the wire when the hub is killed.",
    );
    world.provider.answer_only(ANSWERED);
    let answered_before = world.provider.answered();
    let posts = (0..CLIENTS).map(|index| refer(world, index));
    let accepted: Vec<String> = try_join_all(posts).await?.into_iter().flatten().collect();
    let unanswered = |all: &[Webhook]| {
        let came = ours(all).filter(|webhook| !webhook.is_repeat).count();
        (came > ANSWERED).then_some(came)
    };
    world.provider.received().until("a webhook without an answer", unanswered).await?;
    world.hub.kill()?;
    let came = ours(&world.provider.received().all()).count();
    let answered = world.provider.answered() - answered_before;
    step.row("accepted", &format!("{} referrals, each acknowledged", accepted.len()));
    step.row("killed", &format!("with SIGKILL; {came} webhooks sent, {answered} of them answered"));

    world.provider.answer_all();
    world.hub.start(&world.http).await?;
    let settled = async || Ok((world.open_deliveries(None).await? == 0).then_some(()));
    until("every delivery to have its end", settled).await?;
    let all = world.provider.received().all();
    let distinct: HashSet<_> = ours(&all).map(|webhook| webhook.id.as_str()).collect();
    let repeats = ours(&all).filter(|webhook| webhook.is_repeat).count();
    let kept: Vec<_> = ours(&all).filter(|webhook| !webhook.is_repeat).collect();
    let references: HashSet<_> = kept.iter().map(|webhook| reference(webhook)).collect();
    step.row(
        "started again",
        &format!(
            "{} webhooks under {} ids; {repeats} repeats, dropped by their id",
            ours(&all).count(),
            distinct.len()
        ),
    );
    let (accepted, bundles) = (accepted.len(), bundles(world));
    step.fact("accepted", accepted);
    step.fact("distinct_ids", distinct.len());
    step.fact("repeats_dropped", repeats);
    step.fact("home_care_tasks", json!(bundles));
    step.claim(came > answered, "the hub died with messages in flight");
    step.claim(
        distinct.len() == accepted && references.len() == accepted && kept.len() == accepted,
        "Malli ry has every accepted referral, once each",
    );
    step.claim(bundles == accepted, "home care has a task for each, and no second one for any");
    step.claim(is_ordered(&kept), "each client's referrals came in the order they were made");
    Ok(())
}

/// One client's consent, then her referrals one after the other.
async fn refer(world: &World, index: usize) -> Result<Vec<String>, Failed> {
    let person = Person::of_many(index);
    world.guidance_sends(&papers::consent(&format!("S-M{index:02}"), &person)).await?;
    let mut messages = Vec::with_capacity(EACH);
    for number in 0..EACH {
        let referral = papers::referral(&format!("L-M{index:02}-{number}"), &person);
        messages.push(world.guidance_sends(&referral).await?.message);
    }
    Ok(messages)
}

fn reference(webhook: &Webhook) -> &str {
    super::text(&webhook.body, "/data/reference")
}

/// The webhooks of this step.
fn ours(all: &[Webhook]) -> impl Iterator<Item = &Webhook> {
    all.iter().filter(|webhook| reference(webhook).starts_with("L-M"))
}

/// How many of this step's referrals home care has, by the tasks it made of them.
fn bundles(world: &World) -> usize {
    let parcels = world.home_care.received().all();
    let before: HashSet<_> = parcels
        .iter()
        .filter(|parcel| !parcel.bundle.to_string().contains("L-M"))
        .map(|parcel| parcel.delivery.as_str())
        .collect();
    world.home_care.holds("Task") - before.len()
}

fn is_ordered(kept: &[&Webhook]) -> bool {
    let mut last: BTreeMap<&str, &str> = BTreeMap::new();
    kept.iter().map(|webhook| reference(webhook)).all(|reference| {
        let client = reference.rsplit_once('-').map_or(reference, |(client, _)| client);
        last.insert(client, reference).is_none_or(|before| before < reference)
    })
}
