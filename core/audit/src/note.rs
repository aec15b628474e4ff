//! Signed notes (C2SP `signed-note`), with Ed25519 signatures.

use std::{fmt, str::FromStr};

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::STANDARD};

/// The byte that stands for Ed25519 in keys and key ids.
const ED25519_TYPE: u8 = 1;
/// How a signature line begins: an em dash and a blank.
const MARK: &str = "— ";
/// How a private key begins.
const PRIVATE: &str = "PRIVATE+KEY+";

/// Why a key or a note cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// A key that is not in its form.
    #[error(
        "the key is not in the form of a note's key: name+hash+base64, its hash that of the rest"
    )]
    Key,
    /// A note that is not in its form.
    #[error("the note is not in its form: text, a blank line, lines of “— name signature”")]
    Form,
    /// A note of somebody else.
    #[error("the note is not signed by this key")]
    Unsigned,
    /// A signature that does not hold.
    #[error("the signature does not hold: the note was changed after it was signed")]
    Signature,
    /// A note that is no checkpoint of this log.
    #[error("the note is no checkpoint of this log: origin, size, root in base64")]
    Checkpoint,
    /// The system's randomness has failed.
    #[error("the system's randomness has failed")]
    Randomness,
}

/// The key that a reader checks a note by: `name+hash+base64`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyingKey {
    name: String,
    id: [u8; 4],
    key: [u8; 32],
}

impl VerifyingKey {
    fn new(name: &str, key: [u8; 32]) -> Result<Self, Error> {
        let fits = !name.is_empty() && !name.contains(|c: char| c == '+' || c.is_whitespace());
        if !fits {
            return Err(Error::Key);
        }
        let id = key_id(name, &key);
        Ok(Self { name: name.to_owned(), id, key })
    }

    /// The name, which is also the origin of its log's checkpoints.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text of a note, if this key has signed it as it stands.
    ///
    /// # Errors
    /// When it is no note, not signed by this key, or changed since.
    pub fn open<'n>(&self, note: &'n str) -> Result<&'n str, Error> {
        let at = note.rfind("\n\n").ok_or(Error::Form)?;
        let (text, signatures) = (&note[..=at], &note[at + 2..]);
        if signatures.is_empty() || !signatures.ends_with('\n') {
            return Err(Error::Form);
        }
        for line in signatures.lines() {
            let (name, signature) =
                line.strip_prefix(MARK).and_then(|l| l.split_once(' ')).ok_or(Error::Form)?;
            let signature = STANDARD.decode(signature).map_err(|_| Error::Form)?;
            let (id, signature) = signature.split_first_chunk::<4>().ok_or(Error::Form)?;
            // Others may have signed it as well: their lines say nothing to the holder of this key.
            if name == self.name && *id == self.id {
                let key = UnparsedPublicKey::new(&ED25519, self.key);
                let held = key.verify(text.as_bytes(), signature);
                return held.map(|()| text).map_err(|_| Error::Signature);
            }
        }
        Err(Error::Unsigned)
    }
}

/// The first bytes of the hash of name and key, by which a signature line names its key.
fn key_id(name: &str, key: &[u8; 32]) -> [u8; 4] {
    let mut bytes = name.as_bytes().to_vec();
    bytes.extend([b'\n', ED25519_TYPE]);
    bytes.extend(key);
    let mut id = [0; 4];
    id.copy_from_slice(&digest(&SHA256, &bytes).as_ref()[..4]);
    id
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, &self.name, self.id, &self.key)
    }
}

impl FromStr for VerifyingKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, id, key) = read(text)?;
        let found = Self::new(name, key)?;
        if found.id == id { Ok(found) } else { Err(Error::Key) }
    }
}

/// The key that signs. Its `Display` is nobody's: see [`SigningKey::secret`].
pub struct SigningKey {
    seed: [u8; 32],
    pair: Ed25519KeyPair,
    verifying: VerifyingKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.verifying)
    }
}

impl SigningKey {
    /// A new key. Its name is `prefix` and some digits of the key itself, so that no two logs share
    /// an origin.
    ///
    /// # Errors
    /// When randomness fails.
    pub fn generate(prefix: &str) -> Result<Self, Error> {
        let mut seed = [0; 32];
        rand::fill(&mut seed).map_err(|_| Error::Randomness)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| Error::Key)?;
        let hash = digest(&SHA256, pair.public_key().as_ref());
        let digits: String = hash.as_ref()[..6].iter().map(|b| format!("{b:02x}")).collect();
        Self::new(&format!("{prefix}{digits}"), seed)
    }

    fn new(name: &str, seed: [u8; 32]) -> Result<Self, Error> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| Error::Key)?;
        let key = pair.public_key().as_ref().try_into().map_err(|_| Error::Key)?;
        Ok(Self { seed, pair, verifying: VerifyingKey::new(name, key)? })
    }

    /// Reads a key from the form of [`SigningKey::secret`].
    ///
    /// # Errors
    /// When it is not in that form.
    pub fn parse(secret: &str) -> Result<Self, Error> {
        let (name, id, seed) = read(secret.strip_prefix(PRIVATE).ok_or(Error::Key)?)?;
        let found = Self::new(name, seed)?;
        if found.verifying.id == id { Ok(found) } else { Err(Error::Key) }
    }

    /// The key in the form in which it is kept, `PRIVATE+KEY+name+hash+base64`. Who reads it can
    /// sign.
    pub fn secret(&self) -> String {
        struct Secret<'k>(&'k SigningKey);
        impl fmt::Display for Secret<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(PRIVATE)?;
                write(f, &self.0.verifying.name, self.0.verifying.id, &self.0.seed)
            }
        }
        Secret(self).to_string()
    }

    /// What others check its notes by.
    pub const fn verifying(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// Signs a text of whole lines.
    pub fn sign(&self, text: &str) -> String {
        let mut signature = self.verifying.id.to_vec();
        signature.extend_from_slice(self.pair.sign(text.as_bytes()).as_ref());
        format!("{text}\n{MARK}{} {}\n", self.verifying.name, STANDARD.encode(signature))
    }
}

fn write(f: &mut fmt::Formatter<'_>, name: &str, id: [u8; 4], key: &[u8; 32]) -> fmt::Result {
    let mut typed = vec![ED25519_TYPE];
    typed.extend(key);
    write!(f, "{name}+{:08x}+{}", u32::from_be_bytes(id), STANDARD.encode(typed))
}

/// Reads `name+hash+base64`; whether the hash is right is for the caller to see.
fn read(text: &str) -> Result<(&str, [u8; 4], [u8; 32]), Error> {
    let mut parts = text.trim().splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Error::Key);
    };
    let id = u32::from_str_radix(id, 16).map_err(|_| Error::Key)?.to_be_bytes();
    let key = STANDARD.decode(key).map_err(|_| Error::Key)?;
    match key.split_first() {
        Some((&ED25519_TYPE, key)) => Ok((name, id, key.try_into().map_err(|_| Error::Key)?)),
        _ => Err(Error::Key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Go implementation (`golang.org/x/mod/sumdb/note`), which the
    /// specification was written from.
    const SECRET: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                        then you don't know what your problem is.\n";
    const SIGNATURE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN\
                             1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn the_published_example_is_made_and_read() {
        let key = SigningKey::parse(SECRET).unwrap();
        assert_eq!(key.verifying().to_string(), PUBLIC);
        assert_eq!(key.secret(), SECRET);
        let note = format!("{TEXT}\n{SIGNATURE}");
        assert_eq!(key.sign(TEXT), note);
        assert_eq!(PUBLIC.parse::<VerifyingKey>().unwrap().open(&note), Ok(TEXT));
    }

    #[test]
    fn what_is_not_as_signed_does_not_open() {
        let key = SigningKey::generate("luotsi/").unwrap();
        let other = SigningKey::generate("luotsi/").unwrap();
        let note = key.sign("a\nb\n");
        let both = format!("{note}{}", other.sign("a\nb\n").split_once("\n\n").unwrap().1);
        let cases = [
            (note.clone(), Ok("a\nb\n")),
            (both, Ok("a\nb\n")),
            (note.replace("a\n", "A\n"), Err(Error::Signature)),
            (note.replace("b\n\n", "b\nc\n\n"), Err(Error::Signature)),
            (other.sign("a\nb\n"), Err(Error::Unsigned)),
            (note.replace('—', "-"), Err(Error::Form)),
            (note.trim_end().to_owned(), Err(Error::Form)),
            ("a\nb\n".into(), Err(Error::Form)),
            (String::new(), Err(Error::Form)),
        ];
        for (note, expected) in cases {
            assert_eq!(key.verifying().open(&note), expected, "{note:?}");
        }
    }

    #[test]
    fn a_key_that_is_not_whole_is_refused() {
        let flipped = PUBLIC.replace("ARpc", "ARpd");
        let renamed = PUBLIC.replace("Peter", "Petra");
        for text in [flipped.as_str(), &renamed, "x", "a+b+c", "", "a b+00000000+AA=="] {
            assert_eq!(text.parse::<VerifyingKey>(), Err(Error::Key), "{text}");
        }
        assert_eq!(SigningKey::parse(PUBLIC).err(), Some(Error::Key));
    }

    #[test]
    fn the_secret_is_not_shown_in_passing() {
        let key = SigningKey::parse(SECRET).unwrap();
        assert!(!format!("{key:?}").contains("AYEKFAL"));
    }
}
