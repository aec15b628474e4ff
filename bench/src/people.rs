//! Synthetic clients: valid identity codes of the 900-series, which no real person has.

/// How many different clients there can be.
pub const COUNT_MAX: u32 = DAYS * MONTHS * YEARS * INDIVIDUALS;

/// The check characters, by remainder of division by 31. Source: DVV.
const CHECK: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";

/// Every month has these days, so no calendar is needed.
const DAYS: u32 = 28;
const MONTHS: u32 = 12;
const YEARS: u32 = 60;
const YEAR_FIRST: u32 = 40;
const INDIVIDUALS: u32 = 100;

/// The identity code of client `index`; clients below [`COUNT_MAX`] are all different.
#[must_use]
pub fn hetu(index: u32) -> [u8; 11] {
    let (day, rest) = (index % DAYS + 1, index / DAYS);
    let (month, rest) = (rest % MONTHS + 1, rest / MONTHS);
    let (year, rest) = (rest % YEARS + YEAR_FIRST, rest / YEARS);
    let individual = 900 + rest % INDIVIDUALS;
    let birth = day * 10_000 + month * 100 + year;
    let mut code = *b"DDMMYY-NNNC";
    digits(&mut code[..6], birth);
    digits(&mut code[7..10], individual);
    code[10] = CHECK[((birth * 1000 + individual) % 31) as usize];
    code
}

/// Writes `number` right-aligned, with leading zeros.
pub(crate) fn digits(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use luotsi_model::{Hetu, hetu::Strictness};

    use super::*;

    #[test]
    fn clients_are_valid_synthetic_and_distinct() {
        let mut seen = HashSet::new();
        for index in 0..50_000 {
            let code = hetu(index);
            let text = std::str::from_utf8(&code).unwrap();
            assert!(Hetu::parse(text, Strictness::Strict).unwrap().is_synthetic(), "{text}");
            assert!(seen.insert(code), "{text} twice");
        }
    }
}
