//! Henkilötunnus, the Finnish personal identity code: `DDMMYY`, separator, `NNN`, check character.
//!
//! The separator identifies: `100190-999P` and `100190Y999P` are two people. It is never
//! normalised. Source: DVV; `1.2.246.21` in FHIR and CDA.

use std::fmt;

use jiff::civil::Date;

/// The check characters, by remainder of division by 31.
const CHECK: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";

/// How wrong check characters are met.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Strictness {
    /// A wrong check character is refused.
    #[default]
    Strict,
    /// A wrong check character is let through: published sample data carries such.
    Lenient,
}

/// What is wrong with a code. Never holds the code itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// Not eleven characters of the right classes.
    #[error("not of the form DDMMYY, separator, NNN, check character")]
    Form,
    /// The separator belongs to no century.
    #[error("the separator stands for no century")]
    Separator,
    /// No such day in that century.
    #[error("no such date in the separator's century")]
    Date,
    /// The check character does not match.
    #[error("the check character does not match")]
    Check,
}

/// A code that holds together. It is personal data: `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Hetu([u8; 11]);

impl Hetu {
    /// Reads a code.
    ///
    /// # Errors
    /// [`Error`], without the value.
    pub fn parse(text: &str, strictness: Strictness) -> Result<Self, Error> {
        let bytes: [u8; 11] = text.as_bytes().try_into().map_err(|_| Error::Form)?;
        let birth = number(&bytes[..6])?;
        let individual = number(&bytes[7..10])?;
        let century = century(bytes[6])?;
        if date(birth, century).is_none() {
            return Err(Error::Date);
        }
        if !CHECK.contains(&bytes[10]) {
            return Err(Error::Form);
        }
        let code = Self(bytes);
        let holds = CHECK[((birth * 1000 + individual) % 31) as usize] == bytes[10];
        if !holds && strictness == Strictness::Strict {
            return Err(Error::Check);
        }
        Ok(code)
    }

    /// The code as written.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The day of birth that it tells.
    pub fn born(&self) -> Option<Date> {
        let birth = number(&self.0[..6]).ok()?;
        date(birth, century(self.0[6]).ok()?)
    }

    /// Whether it is of the 900-series: temporary or test, no real person's.
    pub const fn is_synthetic(&self) -> bool {
        self.0[7] == b'9'
    }
}

impl fmt::Debug for Hetu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hetu]")
    }
}

fn number(digits: &[u8]) -> Result<u32, Error> {
    digits.iter().try_fold(0, |sum, digit| match digit {
        b'0'..=b'9' => Ok(sum * 10 + u32::from(digit - b'0')),
        _ => Err(Error::Form),
    })
}

const fn century(separator: u8) -> Result<i16, Error> {
    match separator {
        b'+' => Ok(1800),
        b'-' | b'U'..=b'Y' => Ok(1900),
        b'A'..=b'F' => Ok(2000),
        _ => Err(Error::Separator),
    }
}

fn date(birth: u32, century: i16) -> Option<Date> {
    let (day, month, year) = (birth / 10_000, birth / 100 % 100, birth % 100);
    let (day, month) = (i8::try_from(day).ok()?, i8::try_from(month).ok()?);
    Date::new(century + i16::try_from(year).ok()?, month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Result<(), Error>) {
        assert_eq!(Hetu::parse(text, Strictness::Strict).map(|_| ()), want, "{text}");
    }

    #[test]
    fn codes() {
        check("010594Y9032", Ok(()));
        check("100190-999P", Ok(()));
        check("100190Y999P", Ok(()));
        check("300111A9001", Ok(()));
        check("020288+9818", Ok(()));
        check("010190-999X", Err(Error::Check));
        check("301398-1233", Err(Error::Date));
        check("290200-101P", Err(Error::Date));
        check("010190G999W", Err(Error::Separator));
        check("010190-999", Err(Error::Form));
        check("010190-99äW", Err(Error::Form));
    }

    #[test]
    fn the_day_of_birth() {
        let born = |text| Hetu::parse(text, Strictness::Strict).unwrap().born();
        assert_eq!(born("300111A9001"), Some(Date::constant(2011, 1, 30)));
        assert_eq!(born("010594Y9032"), Some(Date::constant(1994, 5, 1)));
        assert_eq!(born("020288+9818"), Some(Date::constant(1888, 2, 2)));
    }

    #[test]
    fn lenient_forgives_the_check_character_alone() {
        assert!(Hetu::parse("010190-999X", Strictness::Lenient).is_ok());
        assert_eq!(Hetu::parse("301398-9993", Strictness::Lenient), Err(Error::Date));
    }

    #[test]
    fn debug_shows_nothing() {
        let code = Hetu::parse("010594Y9032", Strictness::Strict).unwrap();
        assert_eq!(format!("{code:?}"), "[hetu]");
    }
}
