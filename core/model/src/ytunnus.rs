//! Y-tunnus, the Finnish business identity code: seven digits, dash, check digit.

use std::fmt;

const WEIGHTS: [u32; 7] = [7, 9, 10, 5, 8, 4, 2];

/// A business identity code whose check digit holds.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Ytunnus(String);

/// Not a business identity code: the form or the check digit is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a business identity code of the form NNNNNNN-N with a right check digit")]
pub struct Error;

impl Ytunnus {
    /// Reads a code.
    ///
    /// # Errors
    /// When the form or the check digit is wrong.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bytes: [u8; 9] = text.as_bytes().try_into().map_err(|_| Error)?;
        let digits = bytes[..7].iter().chain(&bytes[8..]).all(u8::is_ascii_digit);
        if !digits || bytes[7] != b'-' {
            return Err(Error);
        }
        let sum: u32 = bytes[..7].iter().zip(WEIGHTS).map(|(b, w)| u32::from(b - b'0') * w).sum();
        let check = match sum % 11 {
            0 => 0,
            1 => return Err(Error),
            rest => 11 - rest,
        };
        if u32::from(bytes[8] - b'0') != check {
            return Err(Error);
        }
        Ok(Self(text.to_owned()))
    }

    /// The organisation's OID by JHS 159: the root and the digits without leading zeros.
    pub fn organisation_oid(&self) -> String {
        let digits: String = self.0.chars().filter(char::is_ascii_digit).collect();
        format!("1.2.246.10.{}", digits.trim_start_matches('0'))
    }

    /// The code as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Ytunnus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digit_holds() {
        let code = Ytunnus::parse("0204819-8").unwrap();
        assert_eq!(code.organisation_oid(), "1.2.246.10.2048198");
        for wrong in ["0204819-7", "02048198", "020481A-8", "0204819_8", ""] {
            assert_eq!(Ytunnus::parse(wrong), Err(Error), "{wrong}");
        }
    }
}
