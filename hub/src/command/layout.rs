//! Lines of text: wrapped to the page, aligned, and times that a person can compare.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// The page's width in characters.
pub(crate) const WIDTH: usize = 100;

/// Writes `text` after `lead`, wrapped, every further line indented as far. `lead` may hold
/// colours, so its visible width is told.
pub(crate) fn hang(page: &mut String, lead: &str, lead_width: usize, text: &str) {
    hang_after(page, lead, &" ".repeat(lead_width), lead_width, text);
}

/// The same with a lead of its own for the further lines.
pub(crate) fn hang_after(page: &mut String, lead: &str, rest: &str, width: usize, text: &str) {
    for (index, line) in wrap(text, WIDTH.saturating_sub(width)).iter().enumerate() {
        page.push_str(if index == 0 { lead } else { rest });
        page.push_str(line);
        trim_end(page);
        page.push('\n');
    }
}

/// Takes blanks off the end: copied text should hold none.
fn trim_end(page: &mut String) {
    page.truncate(page.trim_end_matches(' ').len());
}

/// Breaks text at blanks into lines of at most `width` characters; a longer word has its own line.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
        }
        used += length;
    }
    lines
}

/// Names in a row, or a word for none.
pub(crate) fn names<T: AsRef<str>>(names: &[T], none: &str) -> String {
    if names.is_empty() {
        return none.to_owned();
    }
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}

/// `1 field`, `2 fields`.
pub(crate) fn count(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// How long after `start` something was: `+12 ms`, `+1.4 s`, `+3 min 5 s`, `+2 h 10 min`, `+4 d 2 h`.
pub(crate) fn after(start: Timestamp, at: Timestamp) -> String {
    let elapsed = at.duration_since(start);
    let sign = if elapsed.is_negative() { '−' } else { '+' };
    format!("{sign}{}", span(elapsed.abs()))
}

/// A length of time, in its two largest units.
pub(crate) fn span(length: SignedDuration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0 => format!("{} ms", length.as_millis()),
        1..60 => format!("{:.1} s", length.as_secs_f64()),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// A moment as the person at this machine reads it, without its zone.
pub(crate) fn local(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The zone of [`local`], at that moment: `+02:00`.
pub(crate) fn zone(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_at_blanks_only() {
        assert_eq!(wrap("on yksi kaksi", 7), ["on yksi", "kaksi"]);
        assert_eq!(wrap("client.address.street x", 6), ["client.address.street", "x"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn times_show_two_units() {
        let after = |ms| after(Timestamp::UNIX_EPOCH, Timestamp::from_millisecond(ms).unwrap());
        assert_eq!(after(12), "+12 ms");
        assert_eq!(after(1400), "+1.4 s");
        assert_eq!(after(185_000), "+3 min 5 s");
        assert_eq!(after(7_800_000), "+2 h 10 min");
        assert_eq!(after(353_000_000), "+4 d 2 h");
        assert_eq!(after(-5), "−5 ms");
    }
}
