//! Synthetic clients: codes of the 900-series, which no real person has.

/// The check characters, by remainder of division by 31. Source: DVV.
const CHECK: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";

/// Aino, of the region's story.
pub const AINO: &str = "010594Y9021";
/// Eino.
pub const EINO: &str = "020594X903P";
/// Aino's code with a check character that is not hers.
pub const AINO_MISSPELT: &str = "010594Y9022";

/// The code of client `index`: all below 1,600,000 differ.
pub fn hetu(index: u32) -> String {
    let (day, rest) = (index % 28 + 1, index / 28);
    let (month, rest) = (rest % 12 + 1, rest / 12);
    let (year, individual) = (rest % 50 + 45, 900 + rest / 50 % 100);
    let number = (day * 10_000 + month * 100 + year) * 1000 + individual;
    let check = char::from(CHECK[(number % 31) as usize]);
    format!("{day:02}{month:02}{year:02}-{individual:03}{check}")
}
