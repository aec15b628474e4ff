//! The client's right to know.

use std::collections::HashSet;

use serde_json::json;

use crate::{
    command::{
        layout::count,
        ops::{self, Disclosure, Report},
        trace::reason,
    },
    demo::{Failed, people::Person, stage::Step, world::World},
};

pub(super) async fn tell(world: &mut World, step: &mut Step) -> Result<(), Failed> {
    step.say(
        "Everything ever shown of her, and everything refused, from the log that was durable \
              before each byte left. Her code is told to the hub in a body and kept nowhere.",
    );
    let aino = Person::aino();
    let question = json!({ "hetu": aino.hetu });
    let answer = world.ops.post("/api/reports/disclosures", &[], Some(&question)).await?;
    let report: Report = ops::read(&answer)?;
    let all = &report.disclosures;
    all.iter().for_each(|disclosure| row(step, disclosure));
    let shown_to = |to: &str| {
        all.iter().filter(|d| d.recipient == to && d.shown && d.result == "delivered").count()
    };
    let provider = world.provider.received().all();
    let provider: HashSet<_> =
        provider.iter().filter(|w| w.text.contains(&aino.phone)).map(|w| &w.id).collect();
    let home_care = world.home_care.received().all();
    let home_care: HashSet<_> = home_care
        .iter()
        .filter(|parcel| parcel.bundle.to_string().contains(&aino.hetu))
        .map(|parcel| &parcel.delivery)
        .collect();
    step.fact("client", report.client.as_str());
    step.fact("disclosures", all.len());
    step.fact("to_malli_ry", shown_to("malli-ry"));
    step.fact("to_home_care", shown_to("home-care"));
    step.claim(
        shown_to("malli-ry") == provider.len() && shown_to("home-care") == home_care.len(),
        "every message about her that Malli ry and home care really have is in it, and no other",
    );
    step.claim(
        provider.len() == 1,
        "fifty deliveries later, the referral that her withdrawal stopped is still not at Malli ry",
    );
    let withdrawn = &world.told.withdrawn;
    let refused = all.iter().filter(|d| !d.shown && d.message.as_ref() == Some(withdrawn));
    step.claim(
        refused.filter(|d| d.recipient == "malli-ry" && d.result == "withdrawn").count() == 1,
        "the refusal after her withdrawal is in it, with its reason",
    );
    let read = all.iter().filter(|d| d.kind == "plan").count();
    step.claim(read == 2, "so are both reads of her plan: a read is a disclosure, too");
    step.claim(
        !answer.to_string().contains(&aino.hetu) && !answer.to_string().contains(&aino.need),
        "it names fields and not what stood in them",
    );
    Ok(())
}

fn row(step: &mut Step, disclosure: &Disclosure) {
    let d = disclosure;
    let what = match (d.shown, d.result.as_str()) {
        (true, "delivered") => {
            let held = d.withheld.len();
            format!("✓ {}, {held} held back", count(d.fields.len(), "field"))
        }
        (true, result) => format!("↻ {}", reason(result)),
        (false, result) => format!("✗ {}", reason(result)),
    };
    let way = format!("{} → {}", d.source, d.recipient);
    step.row(&d.kind, &format!("{way:<22}{:<14}{what}", d.purpose));
}
