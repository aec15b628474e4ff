//! The master keys: the first one wraps, all unwrap.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest, rand,
};
use zeroize::Zeroizing;

use super::{NONCE_LEN, TAG_LEN};
use crate::{
    Error,
    engine::{Bind, Column, Value},
};

/// A key's 32 bytes, overwritten when they are dropped.
pub type Key = Zeroizing<[u8; 32]>;

/// Bytes of a wrapped key.
pub(crate) const WRAPPED_LEN: usize = NONCE_LEN + 32 + TAG_LEN;

/// What a master key is called where it must not be shown: a digest of it, cut short.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; 8]);

impl KeyId {
    /// Of a key. Another label than any other use of the key, so that the digest tells nothing else.
    pub fn of(key: &Key) -> Self {
        let mut labelled = digest::Context::new(&digest::SHA256);
        labelled.update(b"luotsi master key id\0");
        labelled.update(&**key);
        let mut id = [0; 8];
        id.copy_from_slice(&labelled.finish().as_ref()[..8]);
        Self(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("m-")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Bind for KeyId {
    fn value(&self) -> Value<'_> {
        self.0.value()
    }
}

impl Column for KeyId {
    fn read(value: Value<'_>) -> Option<Self> {
        Column::read(value).map(Self)
    }
}

/// The master keys that a hub was given.
pub struct Masters {
    /// Never empty; the first one is current.
    keys: Vec<(KeyId, LessSafeKey)>,
}

impl fmt::Debug for Masters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl Masters {
    /// `current` wraps; `earlier` only unwrap.
    ///
    /// # Errors
    /// [`Error::Keys`] when the cipher takes no key.
    pub fn new(current: &Key, earlier: &[Key]) -> Result<Self, Error> {
        let keys = std::iter::once(current).chain(earlier);
        let keys = keys.map(|key| Ok((KeyId::of(key), cipher(&**key)?)));
        Ok(Self { keys: keys.collect::<Result<_, Error>>()? })
    }

    /// What the keys are called, the current one first.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.keys.iter().map(|(id, _)| *id)
    }

    pub(crate) fn current(&self) -> KeyId {
        self.keys[0].0
    }

    /// Wraps a data key under the current master key. `context` is bound to it.
    pub(super) fn wrap(&self, key: &Key, context: &[u8]) -> Result<Vec<u8>, Error> {
        seal(&self.keys[0].1, context, &[], &**key)
    }

    /// Unwraps; `None` when no key of that name was given or it does not open.
    pub(super) fn unwrap(&self, by: KeyId, wrapped: &[u8], context: &[u8]) -> Option<Key> {
        let (_, master) = self.keys.iter().find(|(id, _)| *id == by)?;
        let mut wrapped: Zeroizing<Vec<u8>> = wrapped.to_vec().into();
        let plain = open(master, context, &mut wrapped)?;
        let mut key = Key::default();
        key.copy_from_slice(plain.get(..32)?);
        Some(key)
    }
}

pub(super) fn cipher(key: &[u8]) -> Result<LessSafeKey, Error> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Error::Keys("the cipher fails"))?;
    Ok(LessSafeKey::new(key))
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Error::Keys("the system's randomness has failed"))?;
    Ok(bytes)
}

/// `head`, a random nonce, the sealed bytes, the tag.
pub(super) fn seal(
    key: &LessSafeKey,
    context: &[u8],
    head: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, Error> {
    let nonce: [u8; NONCE_LEN] = random()?;
    let mut out = Vec::with_capacity(head.len() + NONCE_LEN + plain.len() + TAG_LEN);
    out.extend_from_slice(head);
    out.extend_from_slice(&nonce);
    let from = out.len();
    out.extend_from_slice(plain);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let sealed = key.seal_in_place_separate_tag(nonce, Aad::from(context), &mut out[from..]);
    let tag = sealed.map_err(|_| Error::Keys("the cipher fails"))?;
    out.extend_from_slice(tag.as_ref());
    Ok(out)
}

/// Opens a nonce with what it seals, in place.
pub(super) fn open<'a>(
    key: &LessSafeKey,
    context: &[u8],
    sealed: &'a mut [u8],
) -> Option<&'a mut [u8]> {
    let (nonce, sealed) = sealed.split_at_mut_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    key.open_in_place(nonce, Aad::from(context), sealed).ok()
}
