//! The folder of what the hub keeps.

use std::{
    fmt::Write as _,
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use aws_lc_rs::rand;
use luotsi_model::Sensitive;

/// The data folder, for the hub's user only.
pub(super) struct DataDir(PathBuf);

/// Why it cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("{path} cannot be used: {source}; name a folder that the hub may write, with --data")]
    Io { path: String, source: io::Error },
    #[error("{0} can be read by others; mend it with: chmod 600 {0}")]
    Readable(String),
    #[error("{0} does not hold a key of 64 hexadecimal digits; restore it from the backup")]
    Key(String),
    #[error("the system's randomness has failed")]
    Randomness,
}

impl DataDir {
    /// Opens the folder, making it where it is missing.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|source| Error::Io { path: path.display().to_string(), source })?;
        Ok(Self(path.to_owned()))
    }

    /// The journal's file.
    pub(super) fn journal(&self) -> PathBuf {
        self.0.join("luotsi.db")
    }

    /// The key of the client references, made at the first start.
    pub(super) fn client_key(&self) -> Result<[u8; 32], Error> {
        let (path, text) = self.secret("client.key")?;
        decode(&text).ok_or(Error::Key(path))
    }

    /// The token of the ops API, made at the first start.
    pub(super) fn ops_token(&self) -> Result<Sensitive<String>, Error> {
        self.secret("ops.token").map(|(_, text)| Sensitive::new(text))
    }

    fn secret(&self, name: &str) -> Result<(String, String), Error> {
        let path = self.0.join(name);
        let shown = path.display().to_string();
        let io = |source| Error::Io { path: shown.clone(), source };
        match fs::metadata(&path) {
            Ok(found) if found.permissions().mode() & 0o077 != 0 => {
                return Err(Error::Readable(shown));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path)?,
            Err(error) => return Err(io(error)),
        }
        let text = fs::read_to_string(&path).map_err(io)?;
        Ok((shown, text.trim().to_owned()))
    }
}

/// Writes 32 random bytes in hex, durable before they are used: references made with a key that a
/// crash then lost would find nobody again.
fn make(path: &Path) -> Result<(), Error> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| Error::Randomness)?;
    let write = || -> io::Result<()> {
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{}", encode(&bytes))?;
        file.sync_all()
    };
    write().map_err(|source| Error::Io { path: path.display().to_string(), source })
}

fn encode(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn decode(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}
