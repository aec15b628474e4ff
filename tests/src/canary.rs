//! Values that occur nowhere else: wherever one turns up, it has leaked from its field.

use crate::{dice::Dice, people};

/// The canaries of one test.
pub struct Canaries {
    dice: Dice,
    minted: Vec<(String, String)>,
}

impl Canaries {
    /// None yet.
    pub const fn new(dice: Dice) -> Self {
        Self { dice, minted: Vec::new() }
    }

    /// A text for a field.
    pub fn text(&mut self, field: &str) -> String {
        let letter = |dice: &mut Dice| char::from(b'a' + dice.within(0..26) as u8);
        let text: String = (0..12).map(|_| letter(&mut self.dice)).collect();
        self.keep(field, format!("Kanaria{text}"))
    }

    /// A phone number that nobody can have: +999 is no country.
    pub fn phone(&mut self, field: &str) -> String {
        let number = self.dice.within(100_000_000..999_999_999);
        self.keep(field, format!("+999{number}"))
    }

    /// An identity code.
    pub fn hetu(&mut self, field: &str) -> String {
        let index = self.dice.within(0..1_600_000);
        self.keep(field, people::hetu(index as u32))
    }

    fn keep(&mut self, field: &str, value: String) -> String {
        self.minted.push((field.to_owned(), value.clone()));
        value
    }

    /// The fields whose canary is somewhere in `bytes`. The case of letters does not save it.
    pub fn found_in(&self, bytes: &[u8]) -> Vec<&str> {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        let found = self.minted.iter().filter(|(_, value)| text.contains(&value.to_lowercase()));
        found.map(|(field, _)| field.as_str()).collect()
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.minted.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.minted.is_empty()
    }
}
