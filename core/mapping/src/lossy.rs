//! What code tables could not carry whole.

/// So many are listed.
const LISTED_MAX: usize = 256;

/// Codes at one place that came out saying less than they did. No code is named: a code may be what
/// nobody but the recipient shall know.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Lossy {
    /// The code table.
    pub table: String,
    /// The place in the document, in names.
    pub at: String,
    /// How many codes.
    pub count: u32,
}

/// Adds one code.
pub(crate) fn add(lossy: &mut Vec<Lossy>, table: &str, at: String) {
    let known = lossy.iter().position(|known| known.table == table && known.at == at);
    match known {
        Some(known) => lossy[known].count += 1,
        None if lossy.len() < LISTED_MAX => {
            lossy.push(Lossy { table: table.to_owned(), at, count: 1 });
        }
        None => {}
    }
}
