//! What goes into a statement and comes out of a row, the same for every engine.

use uuid::Uuid;

/// A value as the database has it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A number, a truth value as 0 or 1, a moment in µs since 1970.
    Integer(i64),
    /// A text.
    Text(&'a str),
    /// Bytes; also a text that is not UTF-8, as only somebody beside the hub can have written it.
    Blob(&'a [u8]),
    /// What no column of the journal holds by itself.
    Other,
}

/// What can stand for a parameter.
pub trait Bind {
    /// As the database takes it.
    fn value(&self) -> Value<'_>;
}

/// What can be read from a column.
pub trait Column: Sized {
    /// `None` when it is not of this form.
    fn read(value: Value<'_>) -> Option<Self>;
}

macro_rules! integers {
    ($($number:ty),+) => {
        $(impl Bind for $number {
            fn value(&self) -> Value<'_> {
                // Nothing is counted or numbered beyond 2^63.
                Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }

        impl Column for $number {
            fn read(value: Value<'_>) -> Option<Self> {
                let Value::Integer(number) = value else { return None };
                number.try_into().ok()
            }
        })+
    };
}

integers!(i64, u64, u32, usize);

impl Bind for bool {
    fn value(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }
}

impl Column for bool {
    fn read(value: Value<'_>) -> Option<Self> {
        i64::read(value).map(|number| number != 0)
    }
}

impl Bind for str {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl Bind for String {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl Column for String {
    fn read(value: Value<'_>) -> Option<Self> {
        let Value::Text(text) = value else { return None };
        Some(text.to_owned())
    }
}

impl Bind for [u8] {
    fn value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl Bind for Vec<u8> {
    fn value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl Column for Vec<u8> {
    fn read(value: Value<'_>) -> Option<Self> {
        let Value::Blob(bytes) = value else { return None };
        Some(bytes.to_owned())
    }
}

impl<const N: usize> Bind for [u8; N] {
    fn value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl<const N: usize> Column for [u8; N] {
    fn read(value: Value<'_>) -> Option<Self> {
        let Value::Blob(bytes) = value else { return None };
        bytes.try_into().ok()
    }
}

impl Column for Uuid {
    fn read(value: Value<'_>) -> Option<Self> {
        <[u8; 16]>::read(value).map(Self::from_bytes)
    }
}

impl<T: Bind + ?Sized> Bind for &T {
    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

impl<T: Bind> Bind for Option<T> {
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, Bind::value)
    }
}

impl<T: Column> Column for Option<T> {
    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::read(value).map(Some),
        }
    }
}

/// The parameters of a statement, `?1` first.
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::engine::Bind::value(&$value)),*] };
}

pub(crate) use params;
