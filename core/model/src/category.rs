//! Data categories: what a field is about, and so who may ever see it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! categories {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// What a field is about.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[repr(u8)]
        pub enum Category {
            $($(#[$doc])* $name),+
        }

        impl Category {
            /// Every category, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The name used in files.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }

        impl FromStr for Category {
            type Err = Unknown;

            fn from_str(text: &str) -> Result<Self, Unknown> {
                match text { $($text => Ok(Self::$name),)+ _ => Err(Unknown) }
            }
        }
    };
}

categories! {
    /// Who the client is: identifier, name, date of birth.
    Identity = "identity",
    /// How to reach the client: phone, address.
    Contact = "contact",
    /// Relatives, guardians, household.
    Family = "family",
    /// What the client needs and why help is sought.
    Need = "need",
    /// Functional ability (toimintakyky).
    Function = "function",
    /// State of health.
    Health = "health",
    /// Social circumstances.
    Social = "social",
    /// The plan: goals, means, services, review.
    Plan = "plan",
    /// Decisions and their grounds.
    Decision = "decision",
    /// Free text, which may hold anything.
    FreeText = "free-text",
    /// What moves the matter and tells nothing of the client: codes, times, references.
    Administrative = "administrative",
}

/// No category has this name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unknown data category")]
pub struct Unknown;

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of categories.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Categories(u16);

impl Categories {
    /// No category.
    pub const NONE: Self = Self(0);
    /// Every category.
    pub const ALL: Self = Self((1 << Category::ALL.len()) - 1);

    /// With `category` in it.
    #[must_use]
    pub const fn with(self, category: Category) -> Self {
        Self(self.0 | 1 << category as u8)
    }

    /// Whether `category` is in it.
    pub const fn contains(self, category: Category) -> bool {
        self.0 & 1 << category as u8 != 0
    }

    /// In either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// In both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// In this one only.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members, in the order of declaration.
    pub fn iter(self) -> impl Iterator<Item = Category> {
        Category::ALL.iter().copied().filter(move |c| self.contains(*c))
    }
}

impl FromIterator<Category> for Categories {
    fn from_iter<I: IntoIterator<Item = Category>>(members: I) -> Self {
        members.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Categories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Category::as_str)).finish()
    }
}

impl Serialize for Categories {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Categories {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Category>::deserialize(deserializer)?.into_iter().collect())
    }
}
