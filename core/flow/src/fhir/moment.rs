//! FHIR's times. A `dateTime` may be a year, a month, a day or a moment, and stands for the whole
//! of it: as the start of a period for its first moment, as the end for its last (R4, 2.24.0.26).
//! A day is the region's, which is Finland's.

use jiff::{SignedDuration, Span, Timestamp, civil::Date, tz::TimeZone};

/// A time that no calendar or no FHIR `dateTime` holds.
pub(super) struct Beyond;

fn zone() -> Result<TimeZone, Beyond> {
    TimeZone::get("Europe/Helsinki").map_err(|_| Beyond)
}

fn midnight(day: Date) -> Result<Timestamp, Beyond> {
    Ok(day.to_zoned(zone()?).map_err(|_| Beyond)?.timestamp())
}

/// What a `dateTime` stands for: from its first moment, up to but without the first one after it.
pub(super) fn reach(text: &str) -> Result<(Timestamp, Timestamp), Beyond> {
    let days = |first: &str, span: Span| {
        let first: Date = first.parse().map_err(|_| Beyond)?;
        let after = first.checked_add(span).map_err(|_| Beyond)?;
        Ok((midnight(first)?, midnight(after)?))
    };
    match form(text).as_str() {
        "0000" => days(&format!("{text}-01-01"), Span::new().years(1)),
        "0000-00" => days(&format!("{text}-01"), Span::new().months(1)),
        "0000-00-00" => days(text, Span::new().days(1)),
        form => moment(text, form),
    }
}

/// The text with every digit a zero: its form.
fn form(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

fn moment(text: &str, form: &str) -> Result<(Timestamp, Timestamp), Beyond> {
    let rest = form.strip_prefix("0000-00-00T00:00:00").ok_or(Beyond)?;
    let zone = rest.trim_start_matches(['.', '0']);
    let fraction = &rest[..rest.len() - zone.len()];
    let digits = match fraction.strip_prefix('.') {
        None if fraction.is_empty() => 0,
        Some(digits) if (1..=9).contains(&digits.len()) && !digits.contains('.') => digits.len(),
        _ => return Err(Beyond),
    };
    if !matches!(zone, "Z" | "+00:00" | "-00:00") {
        return Err(Beyond);
    }
    let start: Timestamp = text.parse().map_err(|_| Beyond)?;
    let nanos = 10_i64.pow(9 - digits as u32);
    let end = start.checked_add(SignedDuration::from_nanos(nanos)).map_err(|_| Beyond)?;
    Ok((start, end))
}

/// The `dateTime` whose first moment this is: a day, where it begins one.
pub(super) fn opening(moment: Timestamp) -> Result<String, Beyond> {
    let day = moment.to_zoned(zone()?).date();
    let text = if midnight(day)? == moment { day.to_string() } else { moment.to_string() };
    sayable(text)
}

/// The `dateTime` that ends right before this moment.
pub(super) fn closing(end: Timestamp) -> Result<String, Beyond> {
    let before = |nanos| end.checked_sub(SignedDuration::from_nanos(nanos)).map_err(|_| Beyond);
    let day = end.to_zoned(zone()?).date();
    sayable(if midnight(day)? == end {
        day.yesterday().map_err(|_| Beyond)?.to_string()
    } else if end.subsec_nanosecond() == 0 {
        before(1_000_000_000)?.to_string()
    } else {
        // All nine digits, since they tell how long the last moment is.
        format!("{:.9}", before(1)?)
    })
}

/// FHIR's years have four digits.
fn sayable(text: String) -> Result<String, Beyond> {
    let years = text.starts_with(|c: char| c.is_ascii_digit()) && !text.starts_with("0000");
    if years { Ok(text) } else { Err(Beyond) }
}
