//! Phone numbers: E.164, and how a region writes them at home.

/// A region whose national form is understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Region {
    /// Finland: country code 358, trunk prefix 0, international prefix 00.
    Fi,
}

/// Every region, by its ISO 3166-1 code.
pub(crate) const REGIONS: &[(&str, Region)] = &[("FI", Region::Fi)];

/// Of so many digits, the trunk prefix left out, a Finnish number consists.
const FINNISH_DIGITS: std::ops::RangeInclusive<usize> = 5..=12;

impl Region {
    /// The number in E.164; nothing where it is none. Blanks, dashes and parentheses part digits
    /// and say nothing, so they are left out: the way back is not known.
    pub(crate) fn international(self, text: &str) -> Option<String> {
        let is_mark = |c: char| matches!(c, ' ' | '-' | '(' | ')' | '\u{a0}');
        let bare: String = text.chars().filter(|c| !is_mark(*c)).collect();
        let Self::Fi = self;
        let number = match (bare.strip_prefix("00"), bare.strip_prefix('0')) {
            (Some(abroad), _) => format!("+{abroad}"),
            (None, Some(home)) if FINNISH_DIGITS.contains(&home.len()) => format!("+358{home}"),
            (None, Some(_)) => return None,
            (None, None) => bare,
        };
        is_international(&number).then_some(number)
    }
}

/// Whether it is E.164 as written: `+` and 7 to 15 digits.
pub(crate) fn is_international(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Option<&str>) {
        assert_eq!(Region::Fi.international(text).as_deref(), want, "{text}");
    }

    #[test]
    fn finnish_numbers() {
        check("040 123 4567", Some("+358401234567"));
        check("(09) 123-4567", Some("+35891234567"));
        check("00358401234567", Some("+358401234567"));
        check("00 999 0000 0101", Some("+99900000101"));
        check("+358 40 1234567", Some("+358401234567"));
        for wrong in ["401234567", "0 1", "040 123 4567 ext 2", "040/1234567", "+0", "00", "", "0"]
        {
            check(wrong, None);
        }
    }
}
