//! Values that belong to a person.

use std::fmt;

/// Personal data. `Debug` and `Display` show nothing of it and it does not serialise, so it cannot
/// slip into a log, an error or a metric; reading it is spelt out with [`Sensitive::reveal`].
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// Takes a value under protection.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the few places that must read it.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// Gives the value up.
    pub fn into_revealed(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sensitive]")
    }
}

impl<T> fmt::Display for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sensitive]")
    }
}

impl<T> From<T> for Sensitive<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}
