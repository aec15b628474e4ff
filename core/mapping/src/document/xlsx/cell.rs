//! A cell's value as text.

use jiff::{ToSpan, civil::Date};

/// What a style makes of a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Look {
    #[default]
    Number,
    Date,
    Moment,
}

/// `AB12` to the number of its column, from 0.
pub(super) fn column(name: &str) -> Option<u32> {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    if letters.is_empty() || letters.len() > 3 || letters.len() == name.len() {
        return None;
    }
    let digit = |sum: u32, byte: u8| {
        byte.is_ascii_uppercase().then(|| sum * 26 + u32::from(byte - b'A') + 1)
    };
    letters.bytes().try_fold(0, digit).map(|number| number - 1)
}

/// The built-in formats that show a day, a time or both.
pub(super) const fn look_of_known(id: u32) -> Look {
    match id {
        14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => Look::Date,
        18..=22 | 32..=35 | 45..=47 | 55 | 56 => Look::Moment,
        _ => Look::Number,
    }
}

/// What a format of the file's own shows: `d.m.yyyy h:mm` a day and a time.
pub(super) fn look_of(code: &str) -> Look {
    let (mut is_quoted, mut is_bracketed, mut is_literal) = (false, false, false);
    let (mut has_day, mut has_time) = (false, false);
    for c in code.chars() {
        match c {
            _ if is_literal => is_literal = false,
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '\\' | '_' | '*' => is_literal = true,
            '[' => is_bracketed = true,
            ']' => is_bracketed = false,
            // What is negative or text has formats of its own, after these.
            ';' => break,
            // Elapsed time stands in brackets, and so do colours and languages.
            _ if is_bracketed => {}
            'y' | 'Y' | 'd' | 'D' => has_day = true,
            'h' | 'H' | 's' | 'S' => has_time = true,
            _ => {}
        }
    }
    match (has_day, has_time) {
        (_, true) => Look::Moment,
        (true, false) => Look::Date,
        (false, false) => Look::Number,
    }
}

/// A number as the shortest decimal that is the same number, or as the day and time that it counts.
pub(super) fn number(text: &str, look: Look, is_1904: bool) -> Result<String, &'static str> {
    let value: f64 = text.parse().map_err(|_| "the cell's number is none")?;
    if !value.is_finite() || value.abs() >= 1e15 {
        return Err("the cell's number is out of range");
    }
    match look {
        Look::Number => Ok(value.to_string()),
        Look::Date | Look::Moment => {
            moment(value, look, is_1904).ok_or("the cell holds no such day")
        }
    }
}

fn moment(value: f64, look: Look, is_1904: bool) -> Option<String> {
    let seconds = (value * 86_400.0).round();
    if !(0.0..1e12).contains(&seconds) {
        return None;
    }
    let (days, seconds) = (seconds as i64 / 86_400, seconds as i64 % 86_400);
    let epoch = match days {
        _ if is_1904 => Date::constant(1904, 1, 1),
        // The count has a 29 February 1900, which never was.
        60 => return None,
        0..60 => Date::constant(1899, 12, 31),
        _ => Date::constant(1899, 12, 30),
    };
    let day = epoch.checked_add(days.days()).ok()?;
    if look == Look::Date && seconds == 0 {
        return Some(day.to_string());
    }
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    Some(format!("{day} {hours:02}:{minutes:02}:{:02}", seconds % 60))
}

/// `_x000D_` and its like stand for characters that XML cannot hold.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        let digits =
            rest.get(at + 2..at + 6).filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let found = digits.and_then(|digits| char::from_u32(u32::from_str_radix(digits, 16).ok()?));
        match found {
            Some(c) => {
                out.push(c);
                rest = &rest[at + 7..];
            }
            None => {
                out.push_str("_x");
                rest = &rest[at + 2..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Space around a cell is layout; a control character is nobody's text.
pub(super) fn checked(text: &str) -> Result<String, &'static str> {
    if text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n')) {
        return Err("the cell holds a control character");
    }
    Ok(text.trim().to_owned())
}
