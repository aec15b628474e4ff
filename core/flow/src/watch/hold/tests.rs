use std::{
    pin::{Pin, pin},
    sync::atomic::{AtomicU32, Ordering},
    task::{Context, Waker},
};

use super::*;

const LEASE: Duration = Duration::from_secs(10);

/// Two clocks, each set by itself: seconds on the wall, and seconds that go by.
struct Set(Mutex<(i64, u64)>);

impl Set {
    fn to(&self, wall: i64, steady: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (wall, steady);
    }
}

impl Clock for Set {
    fn now(&self) -> Timestamp {
        let (wall, _) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Timestamp::from_second(wall).unwrap_or_default()
    }

    fn steady(&self) -> Duration {
        let (_, steady) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_secs(steady)
    }

    fn sleep_until(&self, _: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::pending())
    }
}

#[test]
fn what_was_stopped_goes_no_step_further() {
    // By which clock so much has passed, whether it may go on.
    let cases = [
        (1_007, 507, true),
        (1_008, 501, false),
        (1_001, 508, false),
        // A wall clock set back gives nothing.
        (400, 507, true),
        (400, 509, false),
        (4_600, 500, false),
    ];
    for (wall, steady, goes_on) in cases {
        let clock = Set(Mutex::new((1_000, 500)));
        let hold = Arc::new(Hold::of(LEASE));
        let fence = Fence { lane: "to:malli-ry".into(), epoch: 1 };
        let (lost, stop) = (CancellationToken::new(), CancellationToken::new());
        let steps = AtomicU32::new(0);
        let step = |turn: &Turn| {
            let send = poll_fn(|_| {
                steps.fetch_add(1, Ordering::Relaxed);
                Poll::<()>::Pending
            });
            let mut context = Context::from_waker(Waker::noop());
            pin!(turn.within(&clock, send)).poll(&mut context)
        };
        let early = CancellationToken::new();
        let turn = Turn::held(fence.clone(), hold.clone(), early.clone(), early);
        assert_eq!(step(&turn), Poll::Ready(Err(Over)), "without a sign of life it has nothing");
        let turn = Turn::held(fence, hold.clone(), lost, stop.clone());
        hold.renew(Moment::now(&clock));
        assert_eq!(step(&turn), Poll::Pending);
        clock.to(wall, steady);
        let wanted = if goes_on { Poll::Pending } else { Poll::Ready(Err(Over)) };
        assert_eq!(step(&turn), wanted, "{wall} {steady}");
        hold.renew(Moment::now(&clock));
        assert_eq!(step(&turn), wanted, "once over it stays over: {wall} {steady}");
        assert_eq!(stop.is_cancelled(), !goes_on, "and its work is told to end: {wall} {steady}");
        assert_eq!(steps.load(Ordering::Relaxed), 1 + 2 * u32::from(goes_on), "{wall} {steady}");
    }
}
