//! Days and moments as documents write them. Local times are Finland's.

use std::sync::LazyLock;

use jiff::{
    Timestamp, Zoned,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};

static HELSINKI: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Europe/Helsinki").expect("the zone database is compiled in"));

/// The letters of a pattern, each with its width; the order is that of [`Parts`].
const LETTERS: [(&str, usize); 6] =
    [("yyyy", 4), ("MM", 2), ("dd", 2), ("HH", 2), ("mm", 2), ("ss", 2)];

type Parts = [i16; 6];

#[derive(Clone, PartialEq, Eq, Debug)]
enum Piece {
    /// A place in [`LETTERS`].
    Number(usize),
    Literal(Box<str>),
}

/// A date format, a subset of Unicode LDML: `dd.MM.yyyy HH:mm`. Every number has its full width.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pattern {
    pieces: Vec<Piece>,
}

impl Pattern {
    /// Reads a pattern, or says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut pattern = Self { pieces: Vec::new() };
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let taken = if first == '\'' {
                pattern.quoted(rest)?
            } else if first.is_ascii_alphabetic() {
                pattern.letters(rest)?
            } else {
                pattern.literal(&rest[..first.len_utf8()]);
                first.len_utf8()
            };
            rest = &rest[taken..];
        }
        if !(0..3).all(|letter| pattern.has(letter)) {
            return Err("yyyy, MM and dd must all be there".into());
        }
        if pattern.has(4) && !pattern.has(3) || pattern.has(5) && !pattern.has(4) {
            return Err("minutes need hours and seconds need minutes".into());
        }
        Ok(pattern)
    }

    fn quoted(&mut self, rest: &str) -> Result<usize, String> {
        let end = rest[1..].find('\'').ok_or("a quote is not closed")?;
        self.literal(&rest[1..=end]);
        Ok(end + 2)
    }

    fn letters(&mut self, rest: &str) -> Result<usize, String> {
        let known = LETTERS.iter().position(|(letters, _)| rest.starts_with(letters));
        let Some(at) = known else {
            return Err("the letters are yyyy MM dd HH mm ss; others stand in 'quotes'".into());
        };
        if self.has(at) {
            return Err(format!("{} stands twice", LETTERS[at].0));
        }
        self.pieces.push(Piece::Number(at));
        Ok(LETTERS[at].1)
    }

    fn literal(&mut self, text: &str) {
        self.pieces.push(Piece::Literal(text.into()));
    }

    fn has(&self, letter: usize) -> bool {
        self.pieces.contains(&Piece::Number(letter))
    }

    /// Whether it tells the time of day.
    pub(crate) fn has_time(&self) -> bool {
        self.has(3)
    }

    fn read(&self, text: &str) -> Option<DateTime> {
        let (mut parts, mut rest): (Parts, &str) = ([0; 6], text);
        for piece in &self.pieces {
            rest = match piece {
                Piece::Literal(text) => rest.strip_prefix(&**text)?,
                Piece::Number(at) => {
                    let (digits, after) = rest.split_at_checked(LETTERS[*at].1)?;
                    let number = digits.bytes().try_fold(0, |sum: i16, b| {
                        b.is_ascii_digit().then(|| sum * 10 + i16::from(b - b'0'))
                    });
                    parts[*at] = number?;
                    after
                }
            };
        }
        let [year, month, day, hour, minute, second] = parts;
        let byte = |part: i16| i8::try_from(part).ok();
        let (hour, minute, second) = (byte(hour)?, byte(minute)?, byte(second)?);
        let made = DateTime::new(year, byte(month)?, byte(day)?, hour, minute, second, 0).ok()?;
        rest.is_empty().then_some(made)
    }

    /// A day; nothing where the text is not of this form or there is no such day.
    pub(crate) fn date(&self, text: &str) -> Option<Date> {
        self.read(text).map(DateTime::date)
    }

    /// A moment; nothing where there is no such local time. Of the hour that comes twice in
    /// autumn it is the first.
    pub(crate) fn instant(&self, text: &str) -> Option<Timestamp> {
        let local = HELSINKI.to_ambiguous_timestamp(self.read(text)?);
        match local.offset() {
            AmbiguousOffset::Gap { .. } => None,
            _ => local.compatible().ok(),
        }
    }

    /// Writes a day.
    pub(crate) fn write_date(&self, day: Date, out: &mut String) {
        self.write(day.to_datetime(jiff::civil::Time::midnight()), out);
    }

    /// Writes a moment as local time.
    pub(crate) fn write_instant(&self, moment: Timestamp, out: &mut String) {
        self.write(Zoned::new(moment, HELSINKI.clone()).datetime(), out);
    }

    fn write(&self, local: DateTime, out: &mut String) {
        let byte = i16::from;
        let day = [local.year(), byte(local.month()), byte(local.day())];
        let time = [byte(local.hour()), byte(local.minute()), byte(local.second())];
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Number(at) => {
                    let number = if *at < 3 { day[*at] } else { time[*at - 3] };
                    digits(number, LETTERS[*at].1, out);
                }
            }
        }
    }
}

fn digits(number: i16, width: usize, out: &mut String) {
    let number = number.unsigned_abs();
    for place in (0..width as u32).rev() {
        let digit = number / 10_u16.pow(place) % 10;
        out.push(char::from(b'0' + digit as u8));
    }
}

/// A moment by RFC 3339: with `Z` or an offset.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    // jiff takes more of ISO 8601 and RFC 9557: a space for T, zone names in brackets.
    let is_strict = text.as_bytes().get(10) == Some(&b'T') && !text.contains('[');
    if is_strict { text.parse().ok() } else { None }
}

/// A day by ISO 8601: `2026-11-21`.
pub(crate) fn date(text: &str) -> Option<Date> {
    if text.len() == 10 { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, want: Option<&str>) {
        let pattern = Pattern::parse(pattern).unwrap();
        let got = pattern.instant(text);
        assert_eq!(got.map(|moment| moment.to_string()).as_deref(), want, "{text}");
        if let Some(moment) = got {
            let mut back = String::new();
            pattern.write_instant(moment, &mut back);
            assert_eq!(back, text);
        }
    }

    #[test]
    fn local_times() {
        let pattern = "dd.MM.yyyy HH:mm";
        check(pattern, "14.11.2026 09:30", Some("2026-11-14T07:30:00Z"));
        check(pattern, "14.07.2026 09:30", Some("2026-07-14T06:30:00Z"));
        check(pattern, "25.10.2026 03:30", Some("2026-10-25T00:30:00Z"));
        check(pattern, "29.03.2026 03:30", None);
        check(pattern, "30.02.2026 09:30", None);
        check(pattern, "1.11.2026 09:30", None);
        check(pattern, "14.11.2026 09:30 ", None);
        check(pattern, "14.11.2026 0ä:30", None);
        check("yyyyMMdd'T'HHmmss", "20261114T093001", Some("2026-11-14T07:30:01Z"));
    }

    #[test]
    fn patterns() {
        for (text, part) in [
            ("dd.MM", "yyyy"),
            ("dd.MM.yyyy dd", "twice"),
            ("dd.MM.yyyy hh:mm", "letters"),
            ("dd.MM.yyyy 'x", "quote"),
            ("dd.MM.yyyy mm", "hours"),
        ] {
            assert!(Pattern::parse(text).unwrap_err().contains(part), "{text}");
        }
    }

    #[test]
    fn strict_iso() {
        assert!(instant("2026-11-14T08:00:00Z").is_some());
        assert!(instant("2026-11-14T10:00:00+02:00").is_some());
        for wrong in ["2026-11-14T08:00:00", "2026-11-14 08:00:00Z", "2026-11-14", "noon"] {
            assert_eq!(instant(wrong), None, "{wrong}");
        }
        assert_eq!(date("2026-02-30"), None);
        assert_eq!(date("20261114"), None);
    }
}
