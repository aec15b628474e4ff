//! More than the bus and the window hold.

use tokio::sync::watch;

use crate::{far::Answer, laws, papers::home_care, world::World};

/// More than what a bus lane and a dispatcher's window hold together.
const MANY: u32 = 2500;

#[test]
fn nothing_is_lost_when_bus_and_window_run_over() {
    let world = World::with_settings(1, "concurrency_max = 32");
    let (free, is_free) = watch::channel(false);
    let held = is_free.clone();
    world.far("home-care").script(move |_| Answer::Hold(held.clone()));
    world.far("plan").script(move |_| Answer::Hold(is_free.clone()));
    let hub = world.start();
    // Each client has two, the second after the first is acknowledged.
    let papers: Vec<_> = (0..MANY / 2).map(|n| home_care("L-1", n)).collect();
    let mut receipts = hub.post_all(&papers);
    receipts.extend(hub.post_all(&papers));
    assert_eq!(hub.pending().len() as u32, 2 * MANY);
    free.send_replace(true);
    hub.pass_until("everything to arrive", |pending| pending.is_empty());
    for system in ["home-care", "plan"] {
        let calls = world.far(system).calls();
        assert_eq!(calls.len() as u32, MANY, "{system} has each once");
    }
    laws::check(&world, &hub, &receipts);
}
