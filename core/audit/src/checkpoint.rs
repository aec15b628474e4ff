//! Checkpoints: what the whole log comes to at one size, in three lines (C2SP `tlog-checkpoint`).

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{Error, Hash, SigningKey, Tree, VerifyingKey};

/// What a log of `size` entries comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// How many entries.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

impl From<&Tree> for Checkpoint {
    fn from(tree: &Tree) -> Self {
        Self { size: tree.size(), root: tree.root() }
    }
}

impl Checkpoint {
    /// The signed note. Its origin is the key's name, so that no key can speak for another's log.
    pub fn sign(&self, key: &SigningKey) -> String {
        let root = STANDARD.encode(self.root);
        key.sign(&format!("{}\n{}\n{root}\n", key.verifying().name(), self.size))
    }

    /// The checkpoint in a note, if the key has signed it. Lines of extension are passed over.
    ///
    /// # Errors
    /// When the note does not open, or is no checkpoint of the key's log.
    pub fn open(note: &str, key: &VerifyingKey) -> Result<Self, Error> {
        let mut lines = key.open(note)?.lines();
        let origin = lines.next().filter(|origin| *origin == key.name());
        let size = lines.next().and_then(number);
        let root = lines.next().and_then(|root| STANDARD.decode(root).ok());
        match (origin, size, root.and_then(|root| root.try_into().ok())) {
            (Some(_), Some(size), Some(root)) => Ok(Self { size, root }),
            _ => Err(Error::Checkpoint),
        }
    }
}

/// A decimal number with no sign and no leading zero.
fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_read_as_it_was_signed() {
        let key = SigningKey::generate("luotsi/").unwrap();
        let mut tree = Tree::default();
        tree.push(crate::leaf(b"entry"));
        let checkpoint = Checkpoint::from(&tree);
        let note = checkpoint.sign(&key);
        assert_eq!(Checkpoint::open(&note, key.verifying()), Ok(checkpoint));
        assert!(note.starts_with(&format!("{}\n1\n", key.verifying().name())), "{note}");
    }

    #[test]
    fn what_is_signed_and_no_checkpoint_is_refused() {
        let key = SigningKey::generate("luotsi/").unwrap();
        let name = key.verifying().name();
        let root = STANDARD.encode([7; 32]);
        let cases = [
            format!("{name}\n1\n{root}\n"),
            format!("{name}\n1\n{root}\nextension\n"),
            format!("elsewhere\n1\n{root}\n"),
            format!("{name}\n01\n{root}\n"),
            format!("{name}\n-1\n{root}\n"),
            format!("{name}\n1\nshort\n"),
            format!("{name}\n"),
        ];
        for (at, text) in cases.iter().enumerate() {
            let opened = Checkpoint::open(&key.sign(text), key.verifying());
            let expected = if at < 2 {
                Ok(Checkpoint { size: 1, root: [7; 32] })
            } else {
                Err(Error::Checkpoint)
            };
            assert_eq!(opened, expected, "{text}");
        }
    }
}
