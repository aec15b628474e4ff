//! JSON's tokens: space, strings, numbers.

use std::borrow::Cow;

use super::{Reader, place};
use crate::Fault;

impl<'i> Reader<'i> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.input.as_bytes().get(self.at).copied()
    }

    pub(super) fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    pub(super) fn expect(&mut self, byte: u8, why: &str) -> Result<(), Fault> {
        if self.peek() != Some(byte) {
            return Err(self.wrong(why));
        }
        self.at += 1;
        Ok(())
    }

    pub(super) fn wrong(&self, why: &str) -> Fault {
        place::fault("not-well-formed", self.input, self.at, why.to_owned())
    }

    /// A string; it is a slice of the input unless it holds an escape.
    pub(super) fn string(&mut self) -> Result<Cow<'i, str>, Fault> {
        self.at += 1;
        let start = self.at;
        let mut text = Cow::Borrowed("");
        let mut plain = start;
        loop {
            match self.peek() {
                None => return Err(self.wrong("a string is not closed")),
                Some(b'"') => break,
                Some(b'\\') => {
                    text.to_mut().push_str(&self.input[plain..self.at]);
                    let escaped = self.escape()?;
                    text.to_mut().push(escaped);
                    plain = self.at;
                }
                Some(0..0x20) => return Err(self.wrong("a string holds a bare control character")),
                Some(_) => self.at += 1,
            }
        }
        let rest = &self.input[plain..self.at];
        self.at += 1;
        if text.is_empty() && plain == start {
            return Ok(Cow::Borrowed(rest));
        }
        text.to_mut().push_str(rest);
        Ok(text)
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let letter = self.input.as_bytes().get(self.at + 1).copied();
        let plain = match letter {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.wrong("an escape that JSON does not define")),
        };
        self.at += 2;
        Ok(plain)
    }

    fn unicode(&mut self) -> Result<char, Fault> {
        let high = self.code_unit()?;
        let code = match high {
            0xd800..0xdc00 => {
                let low = self.code_unit()?;
                if !(0xdc00..0xe000).contains(&low) {
                    return Err(self.wrong("half a surrogate pair stands alone"));
                }
                0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)
            }
            code => code,
        };
        match char::from_u32(code) {
            None => Err(self.wrong("half a surrogate pair stands alone")),
            Some('\0') => Err(self.wrong("a string holds NUL")),
            Some(found) => Ok(found),
        }
    }

    fn code_unit(&mut self) -> Result<u32, Fault> {
        let digits = self.input.get(self.at..self.at + 6).and_then(|text| text.strip_prefix("\\u"));
        let digits = digits.filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|text| u32::from_str_radix(text, 16).ok());
        let unit = unit.ok_or_else(|| self.wrong("\\u needs four hexadecimal digits"))?;
        self.at += 6;
        Ok(unit)
    }

    pub(super) fn number(&mut self) -> Result<&'i str, Fault> {
        let rest = &self.input[self.at..];
        let inside = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
        let text = &rest[..rest.find(|c| !inside(c)).unwrap_or(rest.len())];
        if !is_number(text) {
            return Err(self.wrong("a number is not written as JSON writes one"));
        }
        self.at += text.len();
        Ok(text)
    }
}

/// Whether `text` is a number as JSON writes it; the form of every decimal here.
pub(crate) fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let exponent_holds = |text: &str| digits(text.strip_prefix(['+', '-']).unwrap_or(text));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(exponent_holds)
}
