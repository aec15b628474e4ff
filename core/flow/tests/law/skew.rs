//! Clocks that disagree by up to an hour, the systems' and the hub's, never extend what holds.
//!
//! The local time of Finland is found here by the rule of Directive 2000/84/EC and not by the zone
//! database that the hub uses.

use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Weekday, date},
    tz::TimeZone,
};
use proptest::prelude::*;

use crate::{
    HOSPITAL, PRODUCER, RELATED,
    hub::Hub,
    papers::{Paper, directive_given, referral},
    recipient,
};

const HOUR: i64 = 3600;
/// Around the two nights on which the clocks are turned, and a day without.
const DAYS: [Date; 7] = [
    date(2026, 10, 24),
    date(2026, 10, 25),
    date(2026, 10, 26),
    date(2027, 3, 27),
    date(2027, 3, 28),
    date(2027, 3, 29),
    date(2026, 11, 20),
];

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

fn utc(day: Date, hour: i8) -> Timestamp {
    day.at(hour, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp()
}

/// Summer time is from 01:00 UTC on the last Sunday of March to that of October.
fn offset(moment: Timestamp) -> SignedDuration {
    let year = moment.to_zoned(TimeZone::UTC).year();
    let turn = |month| {
        let last = date(year, month, 31);
        let sunday = if last.weekday() == Weekday::Sunday {
            last
        } else {
            last.nth_weekday(-1, Weekday::Sunday).unwrap()
        };
        utc(sunday, 1)
    };
    let is_summer = turn(3) <= moment && moment < turn(10);
    seconds(if is_summer { 3 * HOUR } else { 2 * HOUR })
}

/// The first moment of a day.
fn start_of(day: Date) -> Timestamp {
    let both = [3, 2].map(|hours| utc(day, 0) - seconds(hours * HOUR));
    both.into_iter().find(|moment| *moment + offset(*moment) == utc(day, 0)).unwrap()
}

/// As a system writes it, to the minute.
fn local(moment: Timestamp) -> String {
    (moment + offset(moment)).to_zoned(TimeZone::UTC).strftime("%d.%m.%Y %H:%M").to_string()
}

/// The moments that such a text can mean, the earlier first.
fn meant(moment: Timestamp) -> (Timestamp, Timestamp) {
    let moment = moment - seconds(moment.as_second().rem_euclid(60));
    let around = [-HOUR, 0, HOUR].map(|by| moment + seconds(by));
    let same: Vec<_> = around.into_iter().filter(|m| local(*m) == local(moment)).collect();
    (same[0], same[same.len() - 1])
}

/// A client of the case's own: the code of a person of the 900-series.
fn hetu() -> String {
    const CHECKS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let (day, month, individual) = (1 + n / 100 % 28, 1 + n / 2800 % 12, 900 + n % 100);
    let digits = format!("{day:02}{month:02}54{individual}");
    let check = CHECKS[digits.parse::<usize>().unwrap() % 31] as char;
    format!("{day:02}{month:02}54-{individual}{check}")
}

/// What is on record, to whom a referral goes, and from when until when it may.
struct Case {
    papers: Vec<Paper>,
    service: &'static str,
    to: &'static str,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// A day, how many days more, and by how many minutes the system's clock is wrong.
type Stated = (Date, i64, i64);

fn day_of(text: Date) -> String {
    text.strftime("%d.%m.%Y").to_string()
}

fn consent((day, more, wrong): Stated, hetu: &str) -> Case {
    let last = day.saturating_add(SignedDuration::from_hours(24 * more));
    let inside = format!(
        r#"<Voimassa alkaa="{}" paattyy="{}"/>{}"#,
        day_of(day),
        day_of(last),
        recipient("malli-ry")
    );
    let given = local(start_of(day) + seconds(wrong * 60));
    Case {
        papers: vec![directive_given(&given, "Suostumus", "S-1", hetu, &inside)],
        service: "vertaistuki",
        to: "malli-ry",
        from: Some(start_of(day)),
        until: Some(start_of(last.tomorrow().unwrap())),
    }
}

/// The client is informed around the hour in which the clocks are turned.
fn permission((day, _, wrong): Stated, hetu: &str) -> Case {
    let informed = utc(day, 1) + seconds(wrong * 60);
    let inside = format!(
        r#"<Ala koodi="sosiaalihuolto"/><Informoitu>{}</Informoitu>{RELATED}"#,
        local(informed)
    );
    Case {
        papers: vec![directive_given(&local(informed), "Luovutuslupa", "LL-1", hetu, &inside)],
        service: "ateriapalvelu",
        to: PRODUCER,
        from: Some(meant(informed).1),
        until: None,
    }
}

fn emergency((day, more, wrong): Stated, hetu: &str) -> Case {
    let given = utc(day, 0) + seconds(wrong * 60);
    let ends = given + seconds(HOUR * (more + 1));
    let inside = format!(
        "<Paattyy>{}</Paattyy><Henkilo>Liisa Esimerkki</Henkilo><Syy>Tajuton.</Syy>{}",
        local(ends),
        recipient(HOSPITAL)
    );
    Case {
        papers: vec![directive_given(&local(given), "Hatatilanne", "H-1", hetu, &inside)],
        service: "palveluohjaus",
        to: HOSPITAL,
        from: Some(meant(given).1),
        until: Some(meant(ends).0),
    }
}

/// A consent without an end, taken back at once by a system whose clock is wrong.
fn withdrawal((day, _, wrong): Stated, hetu: &str) -> Case {
    let stated = local(start_of(day) + seconds(wrong * 60));
    let inside = format!(r#"<Voimassa alkaa="14.11.2020"/>{}"#, recipient("malli-ry"));
    let given = directive_given(&stated, "Suostumus", "S-1", hetu, &inside);
    let back = r#"<Peruutettava tunnus="S-1"/>"#;
    let back = directive_given(&stated, "Peruutus", "P-1", hetu, back);
    let never = Some(Timestamp::MIN);
    Case {
        papers: vec![given, back],
        service: "vertaistuki",
        to: "malli-ry",
        from: None,
        until: never,
    }
}

const SORTS: [fn(Stated, &str) -> Case; 4] = [consent, permission, emergency, withdrawal];

#[test]
fn clocks_that_disagree_extend_nothing() {
    let hub = Hub::new();
    let sorts = prop::sample::select(SORTS.to_vec());
    let stated = (prop::sample::select(DAYS.to_vec()), 0_i64..3, -60_i64..=60);
    let (is_end, skew) = (any::<bool>(), -HOUR..=HOUR);
    let config = ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() };
    let runner = &mut proptest::test_runner::TestRunner::new(config);
    let checked = runner.run(&(sorts, stated, is_end, skew), |(sort, stated, is_end, skew)| {
        let hetu = hetu();
        let case = sort(stated, &hetu);
        // Accepted at one time of the hub's clock, decided at another, which may be earlier.
        let accepted = start_of(stated.0);
        hub.set_clock(accepted);
        case.papers.iter().for_each(|paper| hub.post("serena", paper));
        let sent = hub.post_for(&referral(&hetu, case.service, "kiireellinen", ""));
        let edge = if is_end { case.until } else { case.from };
        let edge = edge.filter(|edge| *edge > Timestamp::UNIX_EPOCH).unwrap_or(accepted);
        let now = edge + seconds(skew);
        hub.set_clock(now);
        let is_inside =
            case.from.is_none_or(|from| from <= now) && case.until.is_none_or(|until| now < until);
        let decided = hub.why(sent, case.to).decision;
        prop_assert_eq!(decided == "permit", is_inside, "{} at {}", &case.papers[0], now);
        Ok(())
    });
    checked.unwrap();
}
